/**
 * A configured model as the `ai` package takes it: provider, key, and a fetch of our own that ends a connection on
 * which nothing comes, or too much. Redirects are refused, since evidence is sent where a person said and nowhere else.
 */
import type { LanguageModel } from 'ai'
import type { ModelSpec } from '../../base/agents-spec.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { loadPackage } from './packages.ts'

export interface OpenModel {
  readonly model: LanguageModel
  /** Strikes the key out of a text, for whatever an endpoint may echo. */
  strike(text: string): string
}

/** @throws LazaretError AGENT_FAILED where the key is not there, PACKAGE_MISSING. */
export async function openModel(spec: ModelSpec, silenceMs: number = limits.agentSilenceMs): Promise<OpenModel> {
  const apiKey = keyOf(spec)
  const fetch = guardedFetch(silenceMs)
  const strike = (text: string) => (apiKey === undefined ? text : text.replaceAll(apiKey, '[redacted]'))
  if (spec.provider === 'anthropic') {
    const { createAnthropic } = await loadPackage('model', '@ai-sdk/anthropic', () => import('@ai-sdk/anthropic'))
    const baseURL = spec.baseUrl === undefined ? {} : { baseURL: spec.baseUrl }
    // Without a key the package would look for one in the environment by itself.
    return { model: createAnthropic({ ...baseURL, apiKey: apiKey ?? '', fetch })(spec.model), strike }
  }
  const { createOpenAICompatible } = await loadPackage(
    'model',
    '@ai-sdk/openai-compatible',
    () => import('@ai-sdk/openai-compatible'),
  )
  const provider = createOpenAICompatible({
    ...{ name: 'configured', baseURL: spec.baseUrl ?? '', includeUsage: true, fetch },
    ...(apiKey === undefined ? {} : { apiKey }),
  })
  return { model: provider(spec.model), strike }
}

function keyOf({ apiKeyEnv }: ModelSpec): string | undefined {
  if (apiKeyEnv === undefined) return undefined
  const key = process.env[apiKeyEnv]
  if (key !== undefined && key !== '') return key
  const text = `the environment variable ${apiKeyEnv}, which agents.model.apiKeyEnv names, is not set`
  throw new LazaretError('AGENT_FAILED', text, { hint: 'Set it for the process of the runtime, and repair again.' })
}

/** Nothing came for too long. */
export class SilenceError extends Error {
  constructor(ms: number) {
    super(`nothing came for ${ms} ms`)
    this.name = 'SilenceError'
  }
}

function guardedFetch(silenceMs: number): typeof fetch {
  return async (input, init) => {
    const guard = new AbortController()
    const timer = setTimeout(() => guard.abort(new SilenceError(silenceMs)), silenceMs)
    const outer = init?.signal ?? undefined
    const end = () => clearTimeout(timer)
    outer?.addEventListener('abort', end, { once: true })
    const headers = new Headers(init?.headers)
    // A connection that is kept would outlive the repair.
    headers.set('connection', 'close')
    const signal = outer === undefined ? guard.signal : AbortSignal.any([guard.signal, outer])
    try {
      const response = await fetch(input, { ...init, headers, signal, redirect: 'error' })
      const { status, statusText } = response
      if (response.body === null) {
        end()
        return response
      }
      const body = response.body.pipeThrough(watched(timer, end))
      return new Response(body, { status, statusText, headers: response.headers })
    } catch (thrown) {
      end()
      // fetch wraps what it was aborted with in some versions; the reason is what is to be told.
      throw guard.signal.aborted && outer?.aborted !== true ? guard.signal.reason : thrown
    }
  }
}

function watched(timer: NodeJS.Timeout, end: () => void): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      timer.refresh()
      bytes += chunk.byteLength
      if (bytes <= limits.agentAnswerBytes) {
        controller.enqueue(chunk)
        return
      }
      end()
      controller.error(new Error(`the answer has more than ${limits.agentAnswerBytes} bytes`))
    },
    flush: end,
    cancel: end,
  })
}

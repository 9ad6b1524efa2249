/**
 * A configured model as the `ai` package takes it: provider, key, and a fetch of our own that ends a connection on
 * which nothing comes, or too much. Redirects are not followed, since evidence is sent where a person said and nowhere
 * else.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
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
    // OpenAI itself refuses the old name for its newer models; the others know the old one.
    ...(URL.parse(spec.baseUrl ?? '')?.hostname === 'api.openai.com' ? { transformRequestBody: withNewName } : {}),
    ...(apiKey === undefined ? {} : { apiKey }),
  })
  return { model: provider(spec.model), strike }
}

function withNewName({ max_tokens, ...body }: Record<string, unknown>): Record<string, unknown> {
  return max_tokens === undefined ? body : { ...body, max_completion_tokens: max_tokens }
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

/**
 * One connection for each request, which is gone when the request is: Node's own fetch keeps some for later. It follows no
 * redirect.
 */
function guardedFetch(silenceMs: number): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const headers = Object.fromEntries(new Headers(init.headers))
    const request = send(url, {
      method: init.method ?? 'GET',
      headers: { ...headers, connection: 'close' },
      agent: false,
    })
    let answering: IncomingMessage | undefined
    const destroy = (reason: Error | undefined) => {
      // An answer that is being read fails with the reason; by way of its request it would only be called aborted.
      answering?.destroy(reason)
      request.destroy(reason)
    }
    const timer = setTimeout(() => destroy(new SilenceError(silenceMs)), silenceMs)
    const { signal } = init
    const abort = () => destroy(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    request.on('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    })
    request.on('error', reject)
    request.on('response', resolve)
    if (signal?.aborted === true) abort()
    // The packages send JSON texts.
    request.end(init.body ?? undefined)
    const incoming = await promise
    answering = incoming
    // Whoever reads the body hears of it; where nobody does, there is nothing to tell.
    incoming.on('error', () => {})
    const status = incoming.statusCode ?? 0
    const body = status === 204 || status === 304 ? null : bodyOf(incoming, timer)
    const answered = new Headers()
    for (const [name, value] of Object.entries(incoming.headersDistinct)) answered.set(name, value?.join(', ') ?? '')
    return new Response(body, {
      status,
      statusText: incoming.statusMessage ?? '',
      headers: answered,
    })
  }
}

function bodyOf(incoming: IncomingMessage, timer: NodeJS.Timeout): ReadableStream<Uint8Array> {
  return ReadableStream.from(watched(incoming, timer))
}

async function* watched(incoming: IncomingMessage, timer: NodeJS.Timeout): AsyncGenerator<Uint8Array, void> {
  let bytes = 0
  for await (const chunk of incoming) {
    timer.refresh()
    bytes += chunk.byteLength
    if (bytes > limits.agentAnswerBytes) throw new Error(`the answer has more than ${limits.agentAnswerBytes} bytes`)
    yield chunk
  }
}

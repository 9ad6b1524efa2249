/**
 * One question to a model and its answer, streamed. What may work when it is asked again (429, 5xx, a connection that
 * broke off or fell silent) is asked again, with growing pauses; what will not is AGENT_FAILED with the endpoint's words
 * and without its key. Tools are not carried out here.
 */
import type { ModelMessage } from 'ai'
import type { ModelSpec } from '../../base/agents-spec.ts'
import { type ErrorRecord, toRecord } from '../../base/error-record.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { oneLine } from './fence.ts'
import { estimateTokens, type ModelBudget } from './model-budget.ts'
import type { OpenModel } from './model-provider.ts'
import { toolSpecs } from './model-tools.ts'

type Ai = typeof import('ai')

export interface Call {
  readonly id: string
  readonly name: string
  readonly input: unknown
  /** Why it cannot be carried out; the answer's messages say so to the model. */
  readonly problem?: string
}

export interface Answer {
  readonly calls: readonly Call[]
  /** The answer, to go before the results of its calls. */
  readonly messages: readonly ModelMessage[]
}

/** The endpoint answered with what is no answer. */
export class UselessAnswer extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UselessAnswer'
  }
}

export interface TurnOptions {
  readonly ai: Ai
  readonly open: OpenModel
  readonly spec: ModelSpec
  readonly budget: ModelBudget
  readonly instructions: string
  /** Pause before the second try. Milliseconds. */
  readonly retryMs: number
  /** Text of the model, as it comes. */
  said(text: string): void
  progress(text: string): void
}

/**
 * @throws LazaretError AGENT_FAILED; UselessAnswer; the signal's reason.
 */
export async function takeTurn(
  options: TurnOptions,
  messages: readonly ModelMessage[],
  signal: AbortSignal,
): Promise<Answer> {
  const tokensIn = estimateTokens(JSON.stringify(messages).length + options.instructions.length)
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted()
    options.budget.check(tokensIn)
    try {
      return await ask(options, messages, tokensIn, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof UselessAnswer) throw thrown
      const failure = failureOf(thrown, options)
      if (!failure.mayPass || tries > limits.agentRetries) {
        const often = tries === 1 ? '' : `, after ${tries} tries`
        throw new LazaretError('AGENT_FAILED', `${failure.text}${often}`)
      }
      const pauseMs = Math.min(limits.agentRetryMaxMs, Math.max(failure.afterMs, options.retryMs * 2 ** (tries - 1)))
      options.progress(`${failure.text}; it is asked again in ${pauseMs} ms`)
      await pause(pauseMs, signal)
    }
  }
}

async function ask(
  { ai, open, spec, budget, instructions, said }: TurnOptions,
  messages: readonly ModelMessage[],
  estimatedIn: number,
  signal: AbortSignal,
): Promise<Answer> {
  // Whatever becomes of it, no connection is left open.
  const request = new AbortController()
  const most = Math.max(1, Math.min(limits.agentAnswerTokens, budget.tokensLeft - estimatedIn))
  let chars = 0
  let used: { tokensIn: number; tokensOut: number } | undefined
  const calls: Call[] = []
  try {
    const result = ai.streamText({
      model: open.model,
      instructions,
      messages: [...messages],
      tools: toolSpecs,
      stopWhen: ai.isStepCount(1),
      maxRetries: 0,
      maxOutputTokens: most,
      ...(spec.temperature === undefined ? {} : { temperature: spec.temperature }),
      abortSignal: AbortSignal.any([signal, request.signal]),
      // Errors are read from the stream; without this they are written to the console, too.
      onError: () => {},
    })
    for await (const part of result.stream) {
      if (part.type === 'text-delta' || part.type === 'reasoning-delta') chars += part.text.length
      if (part.type === 'tool-input-delta') chars += part.delta.length
      if (part.type === 'text-delta') said(part.text)
      if (part.type === 'tool-call') calls.push(callOf(part))
      if (part.type === 'finish-step') used = usedOf(part.usage, estimatedIn, chars)
      if (part.type === 'error') throw part.error
      if (part.type === 'abort') throw new Error('it was broken off')
      // A server that is asked for so many tokens and goes on regardless.
      if (estimateTokens(chars) > 2 * most) throw new UselessAnswer(`it said more than ${2 * most} tokens at once`)
    }
    const said_ = await result.responseMessages
    return { calls, messages: said_ }
  } catch (thrown) {
    signal.throwIfAborted()
    throw ai.NoOutputGeneratedError.isInstance(thrown) ? new UselessAnswer('its answer was empty') : thrown
  } finally {
    // What came before it broke off was paid for.
    if (used === undefined && chars > 0) used = { tokensIn: estimatedIn, tokensOut: estimateTokens(chars) }
    if (used !== undefined) budget.add(used)
    request.abort()
  }
}

function callOf(part: {
  toolCallId: string
  toolName: string
  input: unknown
  invalid?: boolean
  error?: unknown
}): Call {
  const call = { id: part.toolCallId, name: part.toolName, input: part.input }
  return part.invalid === true ? { ...call, problem: oneLine(toRecord(part.error).message) } : call
}

function usedOf(
  usage: { inputTokens: number | undefined; outputTokens: number | undefined },
  inEstimate: number,
  chars: number,
) {
  // Some endpoints say 0 for what they do not count.
  return { tokensIn: usage.inputTokens || inEstimate, tokensOut: usage.outputTokens || estimateTokens(chars) }
}

interface Failure {
  readonly text: string
  readonly mayPass: boolean
  /** What the endpoint asks for. */
  readonly afterMs: number
}

function failureOf(thrown: unknown, { ai, open }: TurnOptions): Failure {
  const words = (text: string) => oneLine(open.strike(text), 2 * limits.agentProgressChars)
  if (ai.APICallError.isInstance(thrown) && thrown.statusCode !== undefined && thrown.statusCode >= 300) {
    const { statusCode, responseHeaders = {} } = thrown
    const mayPass = statusCode === 429 || statusCode === 408 || statusCode >= 500
    const text = `the endpoint answered ${statusCode}: ${words(thrown.message)}`
    return { text, mayPass, afterMs: retryAfterMs(responseHeaders['retry-after']) }
  }
  const root = rootOf(thrown)
  const text = words(root.message)
  const isUnreadable = ai.JSONParseError.isInstance(thrown) || ai.TypeValidationError.isInstance(thrown)
  if (isUnreadable || unreadable.has(root.name)) {
    return { text: `its answer cannot be read: ${text}`, mayPass: true, afterMs: 0 }
  }
  return { text: `the connection failed: ${text}`, mayPass: true, afterMs: 0 }
}

/** Names of what lies beneath the packages' errors where text is not what it should be. */
const unreadable: ReadonlySet<string> = new Set(['SyntaxError', 'ZodError', '$ZodError'])

function rootOf(thrown: unknown): ErrorRecord {
  let record = toRecord(thrown)
  while (record.cause !== undefined) record = record.cause
  return record
}

function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header)
  return header !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve()
    }, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}

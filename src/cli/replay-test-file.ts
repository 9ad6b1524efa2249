/**
 * The text of a test that a recorded failure is written down as: readable, self-contained, run by vitest. It fails while
 * the defect is there. Pure: what is in it was chosen and tried before.
 */
import { deserialize } from 'node:v8'
import { describeRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import { redactText, safeLine } from '../base/redact.ts'
import type { Evidence, RanAs, RecordedMessage, RecordedReply } from '../base/remedy.ts'
import { asBytes, list, literal, quote } from './literal.ts'

/** A recorded failure, decoded, with what is not needed left out and secrets struck out. */
export interface TestContent {
  readonly evidence: Pick<Evidence, 'kernel' | 'incident' | 'error' | 'phase'>
  readonly ran: RanAs
  /** Of the entry, as seen from the test file: `../kernel.ts`. */
  readonly entry: string
  readonly config: Record<string, unknown>
  /** Undefined: it needs none. */
  readonly state: unknown
  readonly messages: readonly Decoded<RecordedMessage>[]
  readonly replies: readonly Decoded<RecordedReply>[]
  /** ISO date. */
  readonly writtenAt: string
}

type Decoded<T> = Omit<T, 'args' | 'value' | 'reply' | 'at' | 'from' | 'kind'> & {
  readonly args: readonly unknown[]
  readonly value?: unknown
}

export function decodeMessage({ method, args }: RecordedMessage): Decoded<RecordedMessage> {
  return { method, args: deserialize(args) as unknown[] }
}

export function decodeReply({ to, method, args, value, error }: RecordedReply): Decoded<RecordedReply> {
  return {
    ...{ to, method, args: deserialize(args) as unknown[] },
    ...(value === undefined ? {} : { value: deserialize(value) as unknown }),
    ...(error === undefined ? {} : { error }),
  }
}

export function testFile(content: TestContent): string {
  const { evidence, writtenAt } = content
  const options = optionsOf(content)
  const failure = plain(describeRecord(evidence.error))
  const imports = [
    ...(options.some((option) => option.includes('deserialize(Buffer'))
      ? ["import { deserialize } from 'node:v8'"]
      : []),
    ...["import { replayKernel } from 'lazaret/testing'", "import { test } from 'vitest'"],
  ]
  const method = content.messages.at(-1)?.method
  const what = method === undefined ? `${evidence.kernel} starts` : `${evidence.kernel} survives ${method}()`
  return `/**
 * ${plain(evidence.incident)} of ${evidence.kernel}, in phase ${evidence.phase}: ${failure}
 *
 * Written by lazaret replay on ${writtenAt.slice(0, 10)}, out of what was recorded. It fails while the defect is there, and passes
 * when it is mended. The values are recorded ones: look whether they may be in your repository.
 */
${imports.join('\n')}

test(${quote(`${what} (was ${failure})`)}, { timeout: 60_000 }, async () => {
  // It resolves with the answers in their order: add what they have to be.
  await replayKernel({
${options.map((option) => `    ${option},\n`).join('')}  })
})
`
}

function optionsOf({ evidence, ran, entry, config, state, messages, replies }: TestContent): string[] {
  const isMemory = /OUT_OF_MEMORY/.test(evidence.error.code ?? '')
  return [
    `entry: new URL(${quote(entry)}, import.meta.url)`,
    `kernel: ${quote(evidence.kernel)}`,
    ...(Object.keys(config).length === 0 ? [] : [named('config', config)]),
    ...(state === undefined ? [] : [named('state', state)]),
    ...(messages.length === 0 ? [] : [`messages: ${list('[', messages.map(messageText), ']', 4)}`]),
    ...(replies.length === 0 ? [] : [`replies: ${list('[', replies.map(replyText), ']', 4)}`]),
    ...(ran.crashOn === 'defects' ? [] : [`crashOn: ${quote(ran.crashOn)}`]),
    ...(isMemory ? [`heapMb: ${ran.heapMb}`] : []),
    ...(evidence.phase === 'idle' ? [`settleMs: ${limits.sandboxIdleMs}`] : []),
  ]
}

/** A value that has no literal is preceded by what it looks like. */
function named(name: string, value: unknown): string {
  const text = literal(value, 4)
  return text === undefined
    ? `// No plain data, so its bytes (v8.serialize).\n    ${name}: ${asBytes(value)}`
    : `${name}: ${text}`
}

function messageText({ method, args }: Decoded<RecordedMessage>): string {
  return list('{ ', [`method: ${quote(method)}`, ...argsText(args)], ' }', 6)
}

function replyText({ to, method, args, value, error }: Decoded<RecordedReply>): string {
  const answer =
    error === undefined
      ? value === undefined
        ? []
        : [`value: ${expression(value)}`]
      : [`error: ${expression(errorFacts(error))}`]
  return list('{ ', [`to: ${quote(to)}`, `method: ${quote(method)}`, ...argsText(args), ...answer], ' }', 6)
}

function errorFacts({ name, message, code, details }: NonNullable<RecordedReply['error']>): object {
  return { name, message, ...(code === undefined ? {} : { code }), ...(details === undefined ? {} : { details }) }
}

function argsText(args: readonly unknown[]): string[] {
  return args.length === 0 ? [] : [`args: ${list('[', args.map(expression), ']', 8)}`]
}

function expression(value: unknown): string {
  return literal(value, 10) ?? `${asBytes(value)} /* no plain data, so its bytes */`
}

/** One line that ends no comment. */
function plain(text: string): string {
  return safeLine(redactText(text)).slice(0, 300).replaceAll('*/', '* /')
}

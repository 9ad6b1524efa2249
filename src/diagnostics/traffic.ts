/**
 * What passes through one kernel, as the flight recorder holds it (references) and as evidence has it (bytes). Values are
 * serialised here and nowhere else, newest first until a bound in bytes is reached. It decides nothing about what is kept.
 */
import { serialize } from 'node:v8'
import type { ErrorRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import type { RecordedMessage, RecordedOutcome, RecordedReply } from '../base/remedy.ts'

export type AskOutcome = { readonly value: unknown } | { readonly error: ErrorRecord }

/** A message that was posted to the thread. */
export interface MessageEntry {
  /** Number in the kernel's mailbox. */
  readonly n: number
  readonly kind: 'ask' | 'tell'
  readonly from: string
  readonly method: string
  readonly args: readonly unknown[]
  /** Epoch milliseconds. */
  readonly at: number
  isFinished: boolean
  /** The thread gave it back without having begun it. */
  isSkipped: boolean
  /** What the kernel answered; absent where nothing was asked, or the answer is too large to be kept. */
  reply: AskOutcome | undefined
  /** The sample that it is part of, which has bounds of its own. */
  sample: Sample | undefined
}

/** An ask that the kernel made itself. */
export interface AskEntry {
  /** Number in the kernel's outbox. */
  readonly id: number
  /** Counts up with each ask since the boot. */
  readonly nth: number
  readonly to: string
  readonly method: string
  readonly args: readonly unknown[]
  outcome: AskOutcome | undefined
  sample: Sample | undefined
}

export interface Sample {
  /** Whether there was room for what an entry of it holds besides. */
  takes(bytes: number): boolean
  /** What is not finished by now is no part of it. */
  cut(): void
}

/** Undefined where the value cannot be serialised any more, for example because its buffer was transferred away. */
function trySerialize(value: unknown): Uint8Array | undefined {
  try {
    return serialize(value)
  } catch {
    // Counted by the caller as left out.
    return undefined
  }
}

/** Undefined where it was not kept, cannot be serialised any more, or is larger than it looked. */
function recordedOutcome(outcome: AskOutcome | undefined): RecordedOutcome | undefined {
  if (outcome === undefined) return undefined
  if ('error' in outcome) return { error: outcome.error }
  const value = trySerialize(outcome.value)
  return value === undefined || value.byteLength > limits.recorderReplyBytes ? undefined : { value }
}

function bytesOf(outcome: RecordedOutcome | undefined): number {
  if (outcome === undefined) return 0
  return 'value' in outcome
    ? outcome.value.byteLength
    : outcome.error.message.length + (outcome.error.stack?.length ?? 0)
}

/** One message as evidence has it, without its reply; undefined where its arguments are gone. */
function recordedMessage({ kind, from, method, args: list, at }: MessageEntry): RecordedMessage | undefined {
  const args = trySerialize(list)
  return args === undefined ? undefined : { kind, from, method, args, at }
}

/** The newest message always; replies give way to messages. */
export function serializeMessages(entries: readonly MessageEntry[]): RecordedMessage[] {
  const kept: RecordedMessage[] = []
  let bytes = 0
  let replyBytes = 0
  for (const entry of entries.toReversed()) {
    const message = recordedMessage(entry)
    if (message === undefined) continue
    bytes += message.args.byteLength
    if (bytes > limits.recorderBytes && kept.length > 0) break
    const reply = replyBytes > limits.recorderBytes ? undefined : recordedOutcome(entry.reply)
    replyBytes += bytesOf(reply)
    kept.push(reply === undefined || replyBytes > limits.recorderBytes ? message : { ...message, reply })
  }
  return kept.reverse()
}

/** From the first on, as far as they are whole and `maxBytes` go. */
export function serializeFromFirst(
  entries: readonly MessageEntry[],
  maxBytes: number,
): { messages: RecordedMessage[]; bytes: number } {
  const messages: RecordedMessage[] = []
  let bytes = 0
  for (const entry of entries) {
    const message = recordedMessage(entry)
    const reply = recordedOutcome(entry.reply)
    const its = (message?.args.byteLength ?? 0) + bytesOf(reply)
    if (message === undefined || bytes + its > maxBytes) break
    bytes += its
    messages.push(reply === undefined ? message : { ...message, reply })
  }
  return { messages, bytes }
}

/** Those that were answered, in the order of asking; the newest ones where they are too many bytes. */
export function serializeAsks(entries: readonly AskEntry[], maxBytes: number): RecordedReply[] {
  const kept: RecordedReply[] = []
  let bytes = 0
  for (const { to, method, args: list, outcome } of entries.toReversed()) {
    if (outcome === undefined) continue
    const args = trySerialize(list)
    const value = 'value' in outcome ? trySerialize(outcome.value) : undefined
    if (args === undefined || ('value' in outcome && value === undefined)) continue
    bytes += args.byteLength + (value?.byteLength ?? 0)
    if (bytes > maxBytes && kept.length > 0) break
    kept.push({
      ...{ to, method, args },
      ...(value === undefined ? {} : { value }),
      ...('error' in outcome ? { error: outcome.error } : {}),
    })
  }
  return kept.reverse()
}

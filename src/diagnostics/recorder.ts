/**
 * The flight recorder of one kernel: what it was given since its instance last booted, so that a repair can be tried on
 * the very messages that broke it. Two ring buffers, bounded in entries and bytes. On the message path it only keeps
 * references and a rough size; values are serialised when evidence is asked for. A caller in the host that changes an
 * argument after sending it changes the record too; the thread got its own copy.
 */
import { serialize } from 'node:v8'
import type { ErrorRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import type { LoadedFile, RecordedMessage, RecordedReply } from '../base/remedy.ts'

export interface DeliveredMessage {
  /** Number in the kernel's mailbox. */
  readonly n: number
  readonly kind: 'ask' | 'tell'
  readonly from: string
  readonly method: string
  readonly args: readonly unknown[]
  /** Epoch milliseconds. */
  readonly at: number
}

export interface OutgoingAsk {
  /** Number in the kernel's outbox. */
  readonly id: number
  readonly to: string
  readonly method: string
  readonly args: readonly unknown[]
}

export type AskOutcome = { readonly value: unknown } | { readonly error: ErrorRecord }

export interface BootRecord {
  /** v8.serialize of the state it starts from. */
  readonly state?: Uint8Array
  readonly config: Record<string, unknown>
  readonly files: readonly LoadedFile[]
}

export interface FlightEvidence {
  readonly state?: Uint8Array
  readonly config: Record<string, unknown>
  readonly files: readonly LoadedFile[]
  /** Messages that were begun, oldest first. */
  readonly messages: readonly RecordedMessage[]
  /** Answered asks in the order of asking. */
  readonly replies: readonly RecordedReply[]
  /** Messages begun since the boot that are not among `messages`: too many, too large, or not serialisable any more. */
  readonly leftOut: number
}

/** A queue over a circular buffer: adding at the end and dropping from the front cost the same at any length. */
class BoundedRing<T> {
  readonly #slots: ({ value: T; bytes: number } | undefined)[]
  #head = 0
  #count = 0
  #bytes = 0
  readonly #onDrop: (value: T) => void

  constructor(onDrop: (value: T) => void) {
    this.#slots = new Array(limits.recorderMessages).fill(undefined)
    this.#onDrop = onDrop
  }

  add(value: T, bytes: number): void {
    while (this.#count > 0 && (this.#count === this.#slots.length || this.#bytes + bytes > limits.recorderBytes)) {
      this.#dropOldest()
    }
    this.#slots[(this.#head + this.#count) % this.#slots.length] = { value, bytes }
    this.#count += 1
    this.#bytes += bytes
  }

  #dropOldest(): void {
    const oldest = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#slots.length
    this.#count -= 1
    if (oldest === undefined) return
    this.#bytes -= oldest.bytes
    this.#onDrop(oldest.value)
  }

  clear(): void {
    this.#slots.fill(undefined)
    this.#head = 0
    this.#count = 0
    this.#bytes = 0
  }

  list(): T[] {
    const values: T[] = []
    for (let index = 0; index < this.#count; index += 1) {
      const slot = this.#slots[(this.#head + index) % this.#slots.length]
      if (slot !== undefined) values.push(slot.value)
    }
    return values
  }
}

/** Values looked at by one estimate: enough to see a large message, few enough to cost nothing. */
const estimateVisits = 32

/** A rough size in bytes, from a bounded look. Deep or wide values come out too small; evidence() bounds them exactly. */
export function estimateBytes(values: readonly unknown[]): number {
  let visits = estimateVisits
  const size = (value: unknown): number => {
    visits -= 1
    if (typeof value === 'string') return value.length + 8
    if (typeof value !== 'object' || value === null) return 8
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength + 16
    if (value instanceof Map || value instanceof Set) return 16 + value.size * 32
    if (visits <= 0) return 64
    if (Array.isArray(value)) {
      const seen = Math.min(value.length, visits, 8)
      let bytes = 0
      for (let index = 0; index < seen; index += 1) bytes += size(value[index])
      return 16 + (seen === 0 ? 0 : (bytes / seen) * value.length)
    }
    let bytes = 16
    for (const key in value) {
      bytes += key.length + size(Reflect.get(value, key))
      if (visits <= 0) break
    }
    return bytes
  }
  try {
    let total = 64
    for (const value of values) total += size(value)
    return total
  } catch {
    // A getter or a proxy that throws could not have been posted; its size is of no interest.
    return 64
  }
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

interface AskEntry extends OutgoingAsk {
  outcome?: AskOutcome
}

export class FlightRecorder {
  readonly #messages = new BoundedRing<DeliveredMessage>(() => {
    this.#dropped += 1
  })
  readonly #asks = new BoundedRing<AskEntry>((entry) => this.#open.delete(entry.id))
  readonly #open = new Map<number, AskEntry>()
  #boot: BootRecord = { config: {}, files: [] }
  #begunUpTo = Number.NEGATIVE_INFINITY
  #dropped = 0

  /** A new instance starts: what its predecessor was given is forgotten. */
  boot(record: BootRecord): void {
    this.#boot = record
    this.#messages.clear()
    this.#asks.clear()
    this.#open.clear()
    this.#begunUpTo = Number.NEGATIVE_INFINITY
    this.#dropped = 0
  }

  /** The thread names its files when it is ready, and again when it has loaded more. */
  loaded(files: readonly LoadedFile[]): void {
    this.#boot = { ...this.#boot, files }
  }

  /** A message was posted to the thread. */
  delivered(message: DeliveredMessage): void {
    this.#messages.add(message, estimateBytes(message.args))
  }

  /** The thread began message `n`. Messages are begun in the order of their numbers, so earlier ones were begun too. */
  began(n: number): void {
    if (n > this.#begunUpTo) this.#begunUpTo = n
  }

  asked(ask: OutgoingAsk): void {
    const entry: AskEntry = { id: ask.id, to: ask.to, method: ask.method, args: ask.args }
    this.#open.set(ask.id, entry)
    this.#asks.add(entry, estimateBytes(ask.args))
  }

  /** An ask of this kernel was answered; one that the ring has dropped is ignored. */
  answered(id: number, outcome: AskOutcome): void {
    const entry = this.#open.get(id)
    if (entry === undefined) return
    entry.outcome = outcome
    this.#open.delete(id)
  }

  /** Serialises what is kept: newest first until limits.recorderBytes is reached, the newest message always. */
  evidence(): FlightEvidence {
    const begun = this.#messages.list().filter((message) => message.n <= this.#begunUpTo)
    const messages = serializeMessages(begun)
    return {
      ...(this.#boot.state === undefined ? {} : { state: this.#boot.state }),
      config: this.#boot.config,
      files: this.#boot.files,
      messages,
      replies: serializeReplies(this.#asks.list()),
      leftOut: this.#dropped + begun.length - messages.length,
    }
  }
}

function serializeMessages(messages: readonly DeliveredMessage[]): RecordedMessage[] {
  const kept: RecordedMessage[] = []
  let bytes = 0
  for (const { kind, from, method, args: list, at } of messages.toReversed()) {
    const args = trySerialize(list)
    if (args === undefined) continue
    bytes += args.byteLength
    if (bytes > limits.recorderBytes && kept.length > 0) break
    kept.push({ kind, from, method, args, at })
  }
  return kept.reverse()
}

function serializeReplies(entries: readonly AskEntry[]): RecordedReply[] {
  const kept: RecordedReply[] = []
  let bytes = 0
  for (const { to, method, args: list, outcome } of entries.toReversed()) {
    if (outcome === undefined) continue
    const args = trySerialize(list)
    const value = 'value' in outcome ? trySerialize(outcome.value) : undefined
    if (args === undefined || ('value' in outcome && value === undefined)) continue
    bytes += args.byteLength + (value?.byteLength ?? 0)
    if (bytes > limits.recorderBytes && kept.length > 0) break
    kept.push({
      to,
      method,
      args,
      ...(value === undefined ? {} : { value }),
      ...('error' in outcome ? { error: outcome.error } : {}),
    })
  }
  return kept.reverse()
}

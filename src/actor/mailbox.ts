/**
 * The mailbox of one kernel: what was accepted and is not handled, in order, across restarts of the instance behind it.
 * A message is accepted when it gets its number here. A window of them is handed to the thread; each has a word in the
 * shared page that says whether it waits, is being handled or is finished, so that at a death it is known exactly which
 * go to the successor, ahead of later ones, and which one was being handled. (Plain ports lose 19,900 of 20,000: FACTS H.)
 * It decides nothing about routes, poison or replies.
 */
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { type HostMessage, slotState, word } from './protocol.ts'
import type { TraceCarrier } from './tracing.ts'

/** How an envelope ends, told to whoever sent it. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ErrorRecord }

export interface Envelope {
  readonly kind: 'ask' | 'tell'
  /** Id of the sending kernel, or `host`. */
  readonly from: string
  readonly method: string
  readonly args: readonly unknown[]
  /** Monotonic milliseconds; 0: none. */
  readonly deadlineAt: number
  readonly idempotent: boolean
  /** For an ask, and for a tell whose end somebody waits for. Called once. */
  readonly settle?: (outcome: Outcome) => void
  /** Context of whoever traces, see actor/tracing.ts. */
  readonly trace?: TraceCarrier | undefined
  /** Kernels that passed it on, because they were out of service. */
  readonly via?: readonly string[]
  /** For an ask of a kernel: it waits for another kernel now. Returns why it must not. */
  readonly moved?: (to: string) => ErrorRecord | undefined
}

export interface Numbered extends Envelope {
  /** Counts up by one for each message accepted for this kernel. */
  readonly n: number
}

/** What the caller hears of a handler's ordinary error. */
export function handlerFailed(kernel: string, method: string, cause: ErrorRecord): ErrorRecord {
  const text = `${kernel}.${method} failed: ${cause.message}`
  return { ...toRecord(new LazaretError('HANDLER_FAILED', text, { kernel, details: { method } })), cause }
}

interface InFlight {
  readonly envelope: Numbered
  readonly slot: number
}

export interface Receiver {
  readonly page: Int32Array
  post(batch: HostMessage[]): void
}

type Delivery = Extract<HostMessage, { t: 'message' }>

/** False where a message of the batch cannot be copied; then none of it has been posted. */
function tryPost(receiver: Receiver, batch: Delivery[]): boolean {
  try {
    receiver.post(batch)
    return true
  } catch {
    // Nested too deeply for the host's stack, or a buffer that was transferred away since: the caller finds out which.
    return false
  }
}

/** Its caller has settled it already; others (the wait graph, the recorder) still count on it. */
function settleExpired(envelope: Envelope): void {
  envelope.settle?.({
    ok: false,
    error: toRecord(new LazaretError('ASK_TIMEOUT', 'Not begun: its deadline had passed.')),
  })
}

export class Mailbox {
  #queue: Numbered[] = []
  /** Index of the first message of the queue: shifting an array of thousands would cost O(n) each. */
  #head = 0
  readonly #inFlight = new Map<number, InFlight>()
  #freeSlots: number[] = []
  #receiver: Receiver | undefined
  #lastNumber = 0
  /** No waiting message has an earlier deadline. */
  #earliestDeadline = Number.POSITIVE_INFINITY
  /** Numbers of asks in the thread's hands that nobody waits for any more; it will not begin them. */
  readonly #overdue = new Set<number>()
  readonly #nowMs: () => number
  readonly #onBegin: (envelope: Numbered) => void
  readonly #onUnclonable: (envelope: Numbered) => void

  /**
   * @param onBegin called for each message as it is handed to a thread (the flight recorder).
   * @param onUnclonable called for one that cannot be handed over; it is out of the mailbox.
   */
  constructor(nowMs: () => number, onBegin: (envelope: Numbered) => void, onUnclonable: (envelope: Numbered) => void) {
    this.#nowMs = nowMs
    this.#onBegin = onBegin
    this.#onUnclonable = onUnclonable
  }

  /** Who has the messages now. */
  get receiver(): Receiver | undefined {
    return this.#receiver
  }

  /** Messages accepted and not finished; see dropExpired. */
  get depth(): number {
    return this.#queue.length - this.#head + this.#inFlight.size - this.#overdue.size
  }

  /** Accepts a message. */
  push(envelope: Envelope): Numbered {
    this.#lastNumber += 1
    const numbered: Numbered = { ...envelope, n: this.#lastNumber }
    this.#queue.push(numbered)
    this.#noteDeadline(numbered)
    this.#fill()
    return numbered
  }

  #noteDeadline({ deadlineAt }: Envelope): void {
    if (deadlineAt !== 0 && deadlineAt < this.#earliestDeadline) this.#earliestDeadline = deadlineAt
  }

  /** Takes waiting asks out whose deadline has passed: nobody waits for them, and they keep places from others. */
  dropExpired(): void {
    const now = this.#nowMs()
    if (now < this.#earliestDeadline) return
    const expired = this.takeWaiting(({ deadlineAt }) => deadlineAt !== 0 && deadlineAt <= now)
    this.#earliestDeadline = Number.POSITIVE_INFINITY
    for (const envelope of this.#queue) this.#noteDeadline(envelope)
    for (const { envelope, slot } of this.#inFlight.values()) {
      const { n, deadlineAt } = envelope
      if (deadlineAt > now) this.#noteDeadline(envelope)
      else if (deadlineAt !== 0 && this.#isWaiting(slot)) this.#overdue.add(n)
      // One that is being handled keeps its place, and is no reason to look again.
    }
    for (const envelope of expired) settleExpired(envelope)
  }

  #isWaiting(slot: number): boolean {
    return this.#receiver !== undefined && Atomics.load(this.#receiver.page, word.slots + slot) === slotState.waiting
  }

  /** From now on messages go to this thread. */
  attach(receiver: Receiver): void {
    this.#receiver = receiver
    this.#freeSlots = Array.from({ length: limits.deliveryWindow }, (_, slot) => slot)
    this.#fill()
  }

  /** The thread says that it has finished a message. Undefined where the number is not one it was given. */
  finished(n: number): Numbered | undefined {
    const entry = this.#inFlight.get(n)
    if (entry === undefined) return undefined
    this.#inFlight.delete(n)
    this.#overdue.delete(n)
    this.#freeSlots.push(entry.slot)
    this.#fill()
    return entry.envelope
  }

  /**
   * The thread is gone, and its posts have all been read. What it had not begun goes back, in front; what it had
   * finished without saying so (it was killed between the two) and what it was handling is returned.
   */
  detach(): { handling: Numbered[]; finishedUnsaid: Numbered[] } {
    const receiver = this.#receiver
    this.#receiver = undefined
    const handling: Numbered[] = []
    const finishedUnsaid: Numbered[] = []
    const waiting: Numbered[] = []
    for (const { envelope, slot } of [...this.#inFlight.values()].sort((a, b) => a.envelope.n - b.envelope.n)) {
      const state = receiver === undefined ? slotState.waiting : Atomics.load(receiver.page, word.slots + slot)
      if (state === slotState.begun) handling.push(envelope)
      else if (state === slotState.finished) finishedUnsaid.push(envelope)
      else waiting.push(envelope)
    }
    this.#inFlight.clear()
    this.#overdue.clear()
    for (const envelope of waiting) this.#noteDeadline(envelope)
    this.#queue = [...waiting, ...this.#queue.slice(this.#head)]
    this.#head = 0
    return { handling, finishedUnsaid }
  }

  /** Puts messages in front of all others, to be handled again. */
  putBack(envelopes: readonly Numbered[]): void {
    this.#queue = [...envelopes, ...this.#queue.slice(this.#head)]
    this.#head = 0
    for (const envelope of envelopes) this.#noteDeadline(envelope)
    this.#fill()
  }

  /** Takes out every message that waits and matches; those in a thread's hands stay. */
  takeWaiting(matches: (envelope: Numbered) => boolean = () => true): Numbered[] {
    const taken: Numbered[] = []
    const kept: Numbered[] = []
    for (const envelope of this.#queue.slice(this.#head)) (matches(envelope) ? taken : kept).push(envelope)
    this.#queue = kept
    this.#head = 0
    return taken
  }

  #fill(): void {
    const receiver = this.#receiver
    if (receiver === undefined || this.#freeSlots.length === 0) return
    const batch: Delivery[] = []
    const now = this.#nowMs()
    while (this.#freeSlots.length > 0) {
      const envelope = this.#queue[this.#head]
      if (envelope === undefined) break
      this.#head += 1
      if (envelope.deadlineAt !== 0 && envelope.deadlineAt <= now) {
        settleExpired(envelope)
        continue
      }
      const slot = this.#freeSlots.pop() as number
      Atomics.store(receiver.page, word.slots + slot, slotState.waiting)
      this.#inFlight.set(envelope.n, { envelope, slot })
      this.#onBegin(envelope)
      const { kind, n, from, method, args, deadlineAt, trace } = envelope
      const delivery = { t: 'message', kind, n, slot, from, method, args, deadlineAt } as const
      batch.push(trace === undefined ? delivery : { ...delivery, trace })
    }
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    if (batch.length > 0 && !tryPost(receiver, batch)) this.#postEach(receiver, batch)
  }

  /** One of them cannot be copied: the others go, in their order, and before any later one. */
  #postEach(receiver: Receiver, batch: readonly Delivery[]): void {
    const refused = batch.filter((message) => !tryPost(receiver, [message]))
    // Told when all others have gone: whoever hears of it may send at once.
    for (const { n } of refused) {
      const envelope = this.finished(n)
      if (envelope !== undefined) this.#onUnclonable(envelope)
    }
  }
}

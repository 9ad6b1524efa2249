/**
 * What is noted of every ask: how it ended and how long it took, a span where the program traces, and the tracing channel
 * `lazaret:ask` of node:diagnostics_channel where somebody listens. Without those two it is two readings of the clock.
 */
import { tracingChannel } from 'node:diagnostics_channel'
import type { AskSpan, TraceCarrier, TracedMessage, Tracing } from '../actor/tracing.ts'
import type { AskTimes } from '../base/ask-times.ts'
import type { Clock } from '../base/clock.ts'
import type { DeadlineEntry, DeadlineQueue } from '../base/deadlines.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'

const channel = tracingChannel('lazaret:ask')

/** What subscribers of the channel get, the same object at each of its events. */
interface Told extends Omit<TracedMessage, 'trace'> {
  error?: ErrorRecord
}

export class WatchedAsk implements DeadlineEntry {
  /** Monotonic milliseconds. */
  deadlineAt = Number.POSITIVE_INFINITY
  settled = false
  #queue: DeadlineQueue | undefined
  readonly #times: AskTimes
  readonly #clock: Clock
  readonly #begunMs: number
  readonly #span: AskSpan | undefined
  readonly #told: Told | undefined

  constructor(times: AskTimes, clock: Clock, message: TracedMessage, tracing: Tracing | undefined) {
    this.#times = times
    this.#clock = clock
    this.#begunMs = clock.monotonicMs()
    this.#span = tracing?.ask(message)
    if (!channel.hasSubscribers) return
    const { from, to, method } = message
    this.#told = { from, to, method }
    channel.start.publish(this.#told)
    channel.end.publish(this.#told)
  }

  /**
   * Ends it at its deadline at the latest. The asker's own thread ends an ask of a kernel then, and tells nobody: without
   * this, one that a handler never answers would never be noted.
   */
  endBy(queue: DeadlineQueue, deadlineAt: number): void {
    this.deadlineAt = deadlineAt
    this.#queue = queue
    queue.add(this)
  }

  expire(): void {
    this.#queue = undefined
    this.end(new LazaretError('ASK_TIMEOUT', 'No reply came before the deadline of the ask.'))
  }

  get trace(): TraceCarrier | undefined {
    return this.#span?.trace
  }

  /** Only the first end counts. @param error what the asker hears; absent where it is a reply. */
  end(error?: unknown): void {
    if (this.settled) return
    this.settled = true
    this.#queue?.noteSettled()
    this.#times.note(error === undefined, this.#clock.monotonicMs() - this.#begunMs)
    if (this.#span === undefined && this.#told === undefined) return
    const record = error === undefined ? undefined : toRecord(error)
    this.#span?.end(record)
    if (this.#told === undefined) return
    if (record !== undefined) {
      this.#told.error = record
      channel.error.publish(this.#told)
    }
    channel.asyncStart.publish(this.#told)
    channel.asyncEnd.publish(this.#told)
  }
}

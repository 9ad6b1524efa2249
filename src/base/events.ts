/**
 * The one stream of events. Log, journal, tests, terminal and dashboard all read this stream; nothing in the runtime
 * tells anybody anything in another way. Events are facts in the past tense.
 */
import type { Clock } from './clock.ts'
import { toRecord } from './error-record.ts'

export const eventTypes = [
  'runtime.started',
  'runtime.stopped',
  'kernel.started',
  'kernel.crashed',
  'kernel.restarted',
  'kernel.stopped',
  'kernel.quarantined',
  'kernel.rejoined',
  'kernel.recovered',
  'kernel.parked',
  'kernel.resumed',
  /** The chart has moved: from, to (dotted states), on (the cause), edges (ids of chart/), counters, timers. */
  'kernel.transitioned',
  'kernel.overLimit',
  'kernel.stuck',
  'restart.exhausted',
  'incident.opened',
  'incident.repeated',
  'incident.resolved',
  'diagnostics.captured',
  'task.created',
  'task.claimed',
  'task.released',
  'task.expired',
  'task.closed',
  'degraded.entered',
  'degraded.changed',
  'degraded.left',
  'standby.ready',
  'standby.lost',
  'failover.completed',
  'fallback.started',
  'fallback.lost',
  'snapshot.taken',
  'snapshot.golden',
  'snapshot.restored',
  'snapshot.corrupt',
  'snapshot.failed',
  'repair.started',
  'repair.progressed',
  'repair.proposed',
  'repair.verified',
  'repair.refused',
  'repair.exhausted',
  'repairs.switched',
  /** A person has told the runtime to do something: op, by (dashboard, command line), and its parameters. */
  'command.given',
  'dashboard.served',
  'hotfix.applied',
  'hotfix.rolledBack',
  'hotfix.dropped',
  'hotfix.written',
  'message.poisoned',
  'message.deadLettered',
  'deadLetters.progressed',
  'deadLetters.replayed',
  'playbook.generated',
  'playbook.applied',
  'playbook.changed',
  'playbook.stepped',
  'playbook.trusted',
  'playbook.suspended',
  'playbook.invalid',
  'config.drifted',
  'config.settled',
  'damage.found',
  'damage.mended',
  'journal.setAside',
  'journal.failed',
  'journal.resumed',
  'notify.sent',
  'notify.failed',
  'listener.failed',
  'runtime.failed',
] as const

export type EventType = (typeof eventTypes)[number]

export interface LazaretEvent {
  readonly type: EventType
  /** Id of the kernel it is about; undefined where it is about the runtime. */
  readonly kernel?: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Counts up by one, across restarts of the process too. */
  readonly seq: number
  readonly [fact: string]: unknown
}

export type EventListener = (event: LazaretEvent) => void
export type Emit = (type: EventType, kernel: string | undefined, facts?: Record<string, unknown>) => LazaretEvent

export class EventStream {
  readonly #clock: Clock
  readonly #subscriptions = new Set<{ readonly listener: EventListener }>()
  #seq: number

  /** @param lastSeq the last number that an earlier process gave out. */
  constructor(clock: Clock, lastSeq = 0) {
    this.#clock = clock
    this.#seq = lastSeq
  }

  /** Number of the last event. */
  get lastSeq(): number {
    return this.#seq
  }

  readonly emit: Emit = (type, kernel, facts = {}) => {
    this.#seq += 1
    const event: LazaretEvent = {
      ...facts,
      type,
      ...(kernel === undefined ? {} : { kernel }),
      at: this.#clock.now(),
      seq: this.#seq,
    }
    for (const { listener } of [...this.#subscriptions]) this.#call(listener, event)
    return event
  }

  /** Returns the function that ends the subscription. A listener that throws is reported and called again next time. */
  on(listener: EventListener): () => void {
    const subscription = { listener }
    this.#subscriptions.add(subscription)
    return () => this.#subscriptions.delete(subscription)
  }

  #call(listener: EventListener, event: LazaretEvent): void {
    try {
      const returned: unknown = listener(event)
      // An async listener fails later, and an unhandled rejection would end the host.
      if (returned instanceof Promise) returned.catch((thrown: unknown) => this.#report(event, thrown))
    } catch (thrown) {
      this.#report(event, thrown)
    }
  }

  /** A user's listener must not bring the host down (FACTS A2), and must not be told of its own failure for ever. */
  #report(event: LazaretEvent, thrown: unknown): void {
    if (event.type === 'listener.failed') return
    this.emit('listener.failed', event.kernel, { error: toRecord(thrown), during: event.type })
  }
}

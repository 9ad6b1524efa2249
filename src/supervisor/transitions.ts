/**
 * What a kernel's chart has done, as a fact that can be told: from where to where, why, along which edges, and which of
 * its delays run now. XState tells of each step while it is taken; the supervisor asks here when it has committed it.
 * Nothing is decided here, and nothing kept but where each chart is.
 */
import type { InspectionEvent } from 'xstate'
import { edgeIdsOf } from '../chart/from-machine.ts'
import type { Journal } from '../journal/journal.ts'
import { dotted, type LifecycleRef, type LifecycleSnapshot } from '../lifecycle/instance.ts'
import { lifecycleMachine } from '../lifecycle/machine.ts'
import type { HistoryStep } from './history.ts'
import type { Unit } from './unit.ts'

/** The facts of `kernel.transitioned`. */
export type Transition = Omit<HistoryStep, 'seq' | 'at'>
type Timer = Unit['timers'][number]
type Step = Extract<InspectionEvent, { type: '@xstate.microstep' }>
type Definition = Step['_transitions'][number]

/** An event that waits for its time, as XState's scheduler has it. */
interface Scheduled {
  readonly delay: number
}

/** One kernel's chart. */
interface Followed {
  readonly ref: LifecycleRef
  state: string
  /** Taken and not told yet. */
  taken: { readonly transition: Definition; readonly on: string }[]
  /** By the type of the event that waits. */
  timers: ReadonlyMap<string, { readonly scheduled: Scheduled; readonly timer: Timer }>
}

const edgeIds = edgeIdsOf(lifecycleMachine)

export class Transitions {
  readonly #journal: Pick<Journal, 'events'>
  /** By session of the chart's actor. */
  readonly #bySession = new Map<string, Followed>()
  readonly #byUnit = new WeakMap<Unit, Followed>()

  constructor(journal: Pick<Journal, 'events'>) {
    this.#journal = journal
  }

  /** Follows the kernel's chart from now on. @param at epoch milliseconds. */
  follow(unit: Unit, ref: LifecycleRef, at: number): void {
    const followed: Followed = { ref, state: 'stopped', taken: [], timers: new Map() }
    this.#bySession.set(ref.sessionId, followed)
    this.#byUnit.set(unit, followed)
    unit.stateSince = at
  }

  /** Hears everything that XState tells of the supervisor's actor and those that it owns. */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep' || !('sessionId' in event.actorRef)) return
    const followed = this.#bySession.get(event.actorRef.sessionId)
    if (followed === undefined) return
    for (const transition of event._transitions)
      if (edgeIds.has(transition)) followed.taken.push({ transition, on: causeOf(transition, event.event.type) })
  }

  /**
   * Brings the unit's `stateSince` and `timers` to where the chart is. Returns what has happened since the last call;
   * undefined where the chart took no edge.
   * @param at epoch milliseconds.
   */
  take(unit: Unit, snapshot: LifecycleSnapshot, at: number): Transition | undefined {
    const followed = this.#byUnit.get(unit)
    if (followed === undefined) return undefined
    const { state: from, taken } = followed
    const to = dotted(snapshot.value)
    followed.taken = []
    followed.state = to
    followed.timers = timersOf(followed, snapshot, at)
    unit.timers = [...followed.timers.values()].map(({ timer }) => timer)
    const [first] = taken
    if (from !== to) unit.stateSince = first?.on === 'RESUME' ? this.#sinceBefore(unit.id, to, at) : at
    if (first === undefined) return undefined
    const { failures, starts, attempts } = snapshot.context
    const edges = taken.map(({ transition }) => edgeIds.get(transition) as string)
    return { from, to, on: first.on, edges, failures, starts, attempts, timers: unit.timers }
  }

  /** A kernel that an earlier process left in a state, and that is resumed there, has been in it all the while. */
  #sinceBefore(kernel: string, state: string, at: number): number {
    const [last] = this.#journal.events({ kernel, type: 'kernel.transitioned', limit: 1 })
    return last?.to === state ? last.at : at
  }
}

/** As an edge of the chart is labelled: `CRASHED`, `after backoff`. */
function causeOf(transition: Definition, eventType: string): string {
  const delay: unknown = Reflect.get(transition, 'delay')
  return delay === undefined ? eventType : `after ${String(delay)}`
}

/** Looked up by the delays of the active states, so that it costs the same whatever the number of kernels. */
function timersOf({ ref, timers }: Followed, snapshot: LifecycleSnapshot, at: number): Followed['timers'] {
  const running = new Map<string, { scheduled: Scheduled; timer: Timer }>()
  const delayed = snapshot._nodes.flatMap((node) => node.after)
  if (delayed.length === 0) return running
  const events = scheduledEvents(ref.system)
  for (const { eventType, delay } of delayed) {
    const scheduled = events[`${ref.sessionId}.${eventType}`]
    if (scheduled === undefined) continue
    const before = timers.get(eventType)
    const { delay: ms } = scheduled
    const timer = before?.scheduled === scheduled ? before.timer : { delay: String(delay), ms, endsAt: at + ms }
    running.set(eventType, { scheduled, timer })
  }
  return running
}

/** By session and id. XState's getSnapshot() hands out a copy of them all, each time; the object itself is read here. */
function scheduledEvents(system: LifecycleRef['system']): Readonly<Record<string, Scheduled>> {
  const live: unknown = Reflect.get(system, '_snapshot')
  const has = typeof live === 'object' && live !== null && '_scheduledEvents' in live
  return has ? (live._scheduledEvents as Record<string, Scheduled>) : system.getSnapshot()._scheduledEvents
}

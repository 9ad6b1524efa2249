/**
 * `ctx.inspect`: hears what XState tells of a kernel's own actors and passes it on in batches. A machine may take 100,000
 * transitions a second, so what is told is only held here, newest last, and what is pushed out is counted; records are
 * made of the rest now and then, for a small share of the thread's time. The last snapshot of an actor is never lost.
 * How a record is written is in chart/inspecting.ts, which a thread loads when it is first told something.
 */
import { systemClock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import type { InspectedRecord } from '../chart/inspected.ts'
import {
  type ActorShape,
  type Held,
  hasEnded,
  isActor,
  isObject,
  leaveOut,
  release,
  snapshotOf,
  tell,
  type Watched,
  type Writer,
} from './inspect-batch.ts'
import type { Outbox } from './outbox.ts'

export interface InspectPorts {
  /** Epoch milliseconds. */
  now(): number
  monotonicMs(): number
  /** Calls once, after so many milliseconds; 0: after what runs now. */
  later(ms: number, run: () => void): void
  send(records: InspectedRecord[]): void
  /** Said once, for the kernel's log. */
  warn(text: string): void
}

export class Inspect {
  readonly #ports: InspectPorts
  readonly #byRef = new WeakMap<object, Watched>()
  /** Oldest first. */
  readonly #watched = new Map<string, Watched>()
  #held: (Held | undefined)[] = []
  /** Things heard; the place of the next in the ring follows from it. */
  #n = 0
  #isArmed = false
  #notBeforeMs = 0
  #hasWarned = false

  constructor(ports: InspectPorts) {
    this.#ports = ports
  }

  /** Never throws: whoever inspects must not fail by it. */
  readonly take = (told: unknown): void => {
    try {
      if (isObject(told) && isActor(told.actorRef)) this.#take(told, told.actorRef)
    } catch (thrown) {
      // An actor of the kernel's own making, with getters that throw.
      this.#warn(thrown)
    }
  }

  #take(told: Record<string, unknown>, ref: ActorShape): void {
    const actor = this.#byRef.get(ref) ?? this.#watch(ref)
    if (actor === undefined) return
    switch (told.type) {
      case '@xstate.microstep':
        if (Array.isArray(told._transitions)) for (const one of told._transitions) actor.taken.add(one)
        return
      case '@xstate.event': {
        const event = isObject(told.event) ? told.event : {}
        const from = isActor(told.sourceRef) ? this.#sessionOf(told.sourceRef) : undefined
        this.#hold(actor, { event: { type: String(event.type).slice(0, 256), body: event, from } })
        return
      }
      case '@xstate.snapshot': {
        const taken = actor.taken.size === 0 ? undefined : actor.taken
        if (taken !== undefined) actor.taken = new Set()
        this.#hold(actor, { snapshot: { body: told.snapshot, taken } })
        return
      }
      case '@xstate.actor':
        this.#arm()
    }
  }

  #hold(actor: Watched, what: Pick<Held, 'event' | 'snapshot'>): void {
    const at = this.#ports.now()
    const place = this.#n % limits.inspectedHeld
    this.#n += 1
    const pushed = this.#held[place]
    if (pushed !== undefined) leaveOut(pushed)
    this.#held[place] = { n: this.#n, at, actor, ...what }
    actor.n = this.#n
    actor.movedAt = at
    actor.hasMoved = true
    this.#arm()
  }

  #sessionOf(ref: ActorShape): string {
    return this.#byRef.get(ref)?.session ?? ref.sessionId
  }

  /** Undefined where as many as are shown live already. */
  #watch(ref: ActorShape): Watched | undefined {
    if (this.#watched.size >= limits.inspectedActors && !this.#makeRoom()) {
      if (!this.#hasWarned) {
        const text = `More than ${limits.inspectedActors} of its actors live at once; further ones are not shown.`
        this.#ports.warn(text)
      }
      this.#hasWarned = true
      return undefined
    }
    // Two copies of XState in one thread both begin with x:0.
    let session = ref.sessionId
    for (let copy = 2; this.#watched.has(session); copy += 1) session = `${ref.sessionId}~${copy}`
    const actor: Watched = {
      ...{ ref, session, id: String(ref.id ?? session).slice(0, 256), logic: ref.logic },
      parent: isActor(ref._parent) ? this.#sessionOf(ref._parent) : undefined,
      ...{ isKnown: false, hasMoved: false, movedAt: 0, n: 0, leftOut: 0 },
      ...{ taken: new Set<object>(), missed: new Set<object>(), told: undefined, context: undefined },
    }
    this.#watched.set(session, actor)
    this.#byRef.set(ref, actor)
    return actor
  }

  /** Forgets the oldest actor that has ended. */
  #makeRoom(): boolean {
    for (const [session, actor] of this.#watched) {
      if (actor.ref !== undefined && !hasEnded(snapshotOf(actor))) continue
      this.#watched.delete(session)
      return true
    }
    return false
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    const waitMs = Math.max(0, Math.ceil(this.#notBeforeMs - this.#ports.monotonicMs()))
    this.#ports.later(waitMs, () => {
      import('../chart/inspecting.ts').then((writer) => this.#flush(writer)).catch((thrown) => this.#warn(thrown))
    })
  }

  #warn(thrown: unknown): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#ports.warn(`What its machines do cannot be shown: ${String(thrown)}`)
  }

  #flush(writer: Writer): void {
    this.#isArmed = false
    const records = this.#announce(writer)
    const beganMs = this.#ports.monotonicMs()
    const isOver = () => this.#ports.monotonicMs() - beganMs > limits.inspectedSpendMs
    const held = this.#held.filter((one) => one !== undefined && this.#watched.get(one.actor.session) === one.actor)
    this.#held = []
    records.push(...tell(held as Held[], this.#watched.values(), writer, isOver))
    const moving = [...this.#watched.values()].filter((actor) => actor.hasMoved)
    for (const actor of this.#watched.values()) if (!actor.hasMoved) release(actor)
    const pauseMs = Math.min(limits.inspectedPauseMs, (this.#ports.monotonicMs() - beganMs) * limits.inspectedPause)
    this.#notBeforeMs = this.#ports.monotonicMs() + Math.max(limits.inspectedEveryMs, pauseMs)
    if (records.length > 0) this.#ports.send(records)
    if (moving.length > 0) this.#arm()
  }

  /** Actors that nobody has been told of. */
  #announce(writer: Writer): InspectedRecord[] {
    const fresh = [...this.#watched.values()].filter(({ isKnown }) => !isKnown)
    return fresh.map((actor) => {
      actor.isKnown = true
      const { session, id, parent, logic } = actor
      const chart = writer.chartFor(logic)
      const at = this.#ports.now()
      return { kind: 'actor', at, session, id, ...(parent !== undefined && { parent }), ...(chart && { chart }) }
    })
  }
}

/** `ctx.inspect` of a thread. @param isOver the thread is about to leave. */
export function inspectFor(outbox: Outbox, isOver: () => boolean): (told: object) => void {
  const { take } = new Inspect({
    ...systemClock,
    later: (ms, run) => void (ms === 0 ? setImmediate(run) : setTimeout(run, ms)).unref(),
    // A thread does not wait for a host that is behind, only to be looked at.
    send: (records) => {
      if (!isOver()) outbox.post({ t: 'inspected', records }, false)
    },
    warn: (text) => outbox.log(40, text),
  })
  return take
}

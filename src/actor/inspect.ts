/**
 * `ctx.inspect`: hears what XState tells of a kernel's own actors and passes it on in batches. A machine may take 100,000
 * transitions a second, so what is told is only held here, newest last, and what is pushed out is counted; records are
 * made of the rest now and then, for a small share of the thread's time. The last snapshot of an actor is never lost.
 * How a record is written is in chart/inspecting.ts, which a thread loads when it is first told something.
 */
import { limits } from '../base/limits.ts'
import type { InspectedRecord } from '../chart/inspected.ts'
import type { SnapshotFacts } from '../chart/inspecting.ts'

type Writer = typeof import('../chart/inspecting.ts')

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

/** An actor of XState, as far as it is looked at. */
interface ActorShape {
  readonly sessionId: string
  readonly id?: unknown
  readonly logic?: unknown
  readonly _parent?: unknown
  readonly getSnapshot?: () => unknown
}

interface Watched {
  /** Let go of when it has ended and that has been told: it may hold a large context. */
  ref: ActorShape | undefined
  readonly session: string
  readonly id: string
  readonly parent: string | undefined
  readonly logic: unknown
  /** It has been told that there is this actor. */
  isKnown: boolean
  /** Something was heard of it since its snapshot was told. */
  hasMoved: boolean
  movedAt: number
  /** Number of the last thing that was heard of it. */
  n: number
  /** Transitions since its last snapshot was held. */
  taken: Set<object>
  /** The same of snapshots that were pushed out. */
  missed: Set<object>
  leftOut: number
  told: unknown
  context: { of: unknown; text: string } | undefined
}

interface Held {
  readonly n: number
  readonly at: number
  readonly actor: Watched
  readonly event?: { readonly type: string; readonly body: unknown; readonly from: string | undefined }
  readonly snapshot?: { readonly body: unknown; readonly taken: ReadonlySet<object> | undefined }
}

const untaken: ReadonlySet<object> = new Set()

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
    const { all, last } = withLast(held as Held[], this.#watched.values())
    const texts = write(all, last, writer, isOver)
    for (const one of all) records.push(...told(one, texts.get(one), last.has(one), writer))
    for (const actor of this.#watched.values()) if (!actor.hasMoved) release(actor)
    const pauseMs = Math.min(limits.inspectedPauseMs, (this.#ports.monotonicMs() - beganMs) * limits.inspectedPause)
    this.#notBeforeMs = this.#ports.monotonicMs() + Math.max(limits.inspectedEveryMs, pauseMs)
    if (records.length > 0) this.#ports.send(records)
    if (all.some(({ actor }) => actor.hasMoved)) this.#arm()
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

function leaveOut({ actor, snapshot }: Held): void {
  actor.leftOut += 1
  for (const transition of snapshot?.taken ?? untaken) actor.missed.add(transition)
}

/**
 * In their order, with the snapshot of every actor as it is now among them: an actor that fails tells of no snapshot,
 * and that of one that waited may have been pushed out.
 */
function withLast(held: Held[], actors: Iterable<Watched>): { all: Held[]; last: ReadonlySet<Held> } {
  const last = new Set<Held>()
  const all = [...held]
  for (const actor of actors) {
    if (!actor.hasMoved) continue
    const body = snapshotOf(actor)
    if (body === undefined || body === actor.told) {
      actor.hasMoved = false
      continue
    }
    let now = held.findLast((one) => one.actor === actor && one.snapshot?.body === body)
    if (now === undefined) {
      now = { n: actor.n + 0.5, at: actor.movedAt, actor, snapshot: { body, taken: actor.taken } }
      actor.taken = new Set()
      all.push(now)
    }
    last.add(now)
  }
  return { all: all.sort((a, b) => a.n - b.n), last }
}

/** The texts of as many as there is time for: how things are now first, then what came last. */
function write(
  all: readonly Held[],
  last: ReadonlySet<Held>,
  writer: Writer,
  isOver: () => boolean,
): ReadonlyMap<Held, string | SnapshotFacts> {
  const texts = new Map<Held, string | SnapshotFacts>()
  for (const one of [...last, ...all.filter((other) => !last.has(other)).reverse()]) {
    if (texts.size > 0 && isOver()) break
    const { actor, event, snapshot } = one
    if (snapshot === undefined) {
      texts.set(one, writer.eventText(event?.body))
      continue
    }
    const facts = writer.snapshotFacts(snapshot.body, actor.context)
    actor.context = { of: writer.shownOf(snapshot.body), text: facts.context }
    texts.set(one, facts)
  }
  return texts
}

/** Called in their order, so that the edges of what is left out are told with the next that is not. */
function told(one: Held, text: string | SnapshotFacts | undefined, isLast: boolean, writer: Writer): InspectedRecord[] {
  const { actor, at, event, snapshot } = one
  const { session } = actor
  if (text === undefined) {
    leaveOut(one)
    // It comes with the next batch, or a newer one does.
    if (isLast) actor.leftOut -= 1
    return []
  }
  if (typeof text === 'string') {
    const from = event?.from
    return [{ kind: 'event', at, session, type: event?.type ?? '', text, ...(from !== undefined && { from }) }]
  }
  const edges = writer.edgesAmong(actor.logic, new Set([...actor.missed, ...(snapshot?.taken ?? untaken)]))
  const { leftOut } = actor
  actor.missed.clear()
  actor.leftOut = 0
  if (isLast) {
    actor.told = snapshot?.body
    actor.hasMoved = false
  }
  return [{ kind: 'snapshot', at, session, ...text, edges, ...(leftOut > 0 && { leftOut }) }]
}

/** An actor that has ended, and of which that is told, is not kept from being collected, nor what it held. */
function release(actor: Watched): void {
  if (actor.ref === undefined || !hasEnded(snapshotOf(actor))) return
  actor.ref = undefined
  actor.told = undefined
  actor.context = undefined
}

function snapshotOf({ ref }: Watched): unknown {
  try {
    return typeof ref?.getSnapshot === 'function' ? ref.getSnapshot() : undefined
  } catch {
    // XState throws where an actor is still being made: there is nothing to show of it yet.
    return undefined
  }
}

function hasEnded(snapshot: unknown): boolean {
  return isObject(snapshot) && typeof snapshot.status === 'string' && snapshot.status !== 'active'
}

function isActor(value: unknown): value is ActorShape {
  return isObject(value) && typeof value.sessionId === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

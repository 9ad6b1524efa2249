/**
 * Of what an actor was heard of, which is told with the next batch: how every actor is now, and of the rest what came last,
 * as far as the time for it goes. What is left out is counted, and its edges are told with what comes next. See inspect.ts.
 */
import type { InspectedRecord } from '../chart/inspected.ts'
import type { SnapshotFacts } from '../chart/inspecting.ts'

export type Writer = typeof import('../chart/inspecting.ts')

/** An actor of XState, as far as it is looked at. */
export interface ActorShape {
  readonly sessionId: string
  readonly id?: unknown
  readonly logic?: unknown
  readonly _parent?: unknown
  readonly getSnapshot?: () => unknown
}

export interface Watched {
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

export interface Held {
  readonly n: number
  readonly at: number
  readonly actor: Watched
  readonly event?: { readonly type: string; readonly body: unknown; readonly from: string | undefined }
  readonly snapshot?: { readonly body: unknown; readonly taken: ReadonlySet<object> | undefined }
}

const untaken: ReadonlySet<object> = new Set()

export function leaveOut({ actor, snapshot }: Held): void {
  actor.leftOut += 1
  for (const transition of snapshot?.taken ?? untaken) actor.missed.add(transition)
}

/**
 * In their order, with the snapshot of every actor as it is now among them: an actor that fails tells of no snapshot,
 * and that of one that waited may have been pushed out.
 */
function withLast(held: readonly Held[], actors: Iterable<Watched>): { all: Held[]; last: ReadonlySet<Held> } {
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

/** @param isOver says that the time for it is. Actors that there was none for stay `hasMoved`. */
export function tell(
  held: readonly Held[],
  actors: Iterable<Watched>,
  writer: Writer,
  isOver: () => boolean,
): InspectedRecord[] {
  const { all, last } = withLast(held, actors)
  const texts = write(all, last, writer, isOver)
  return all.flatMap((one) => told(one, texts.get(one), last.has(one), writer))
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
export function release(actor: Watched): void {
  if (actor.ref === undefined || !hasEnded(snapshotOf(actor))) return
  actor.ref = undefined
  actor.told = undefined
  actor.context = undefined
}

export function snapshotOf({ ref }: Watched): unknown {
  try {
    return typeof ref?.getSnapshot === 'function' ? ref.getSnapshot() : undefined
  } catch {
    // XState throws where an actor is still being made: there is nothing to show of it yet.
    return undefined
  }
}

export function hasEnded(snapshot: unknown): boolean {
  return isObject(snapshot) && typeof snapshot.status === 'string' && snapshot.status !== 'active'
}

export function isActor(value: unknown): value is ActorShape {
  return isObject(value) && typeof value.sessionId === 'string'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

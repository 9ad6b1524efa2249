/**
 * A kernel's actors as a family, and what each has said, in one row: the server tells the last records again each time,
 * so what is new among them is found here. Pure.
 */
import type { InspectedActor, InspectedRecord } from '../../../chart/inspected.ts'
import type { Move } from './moves.ts'

export interface ActorBranch {
  readonly actor: InspectedActor
  readonly children: readonly ActorBranch[]
}

/** An actor that was given no id has its session's: then its machine's name says more. */
export function nameOf({ id, session, chart }: Pick<InspectedActor, 'id' | 'session' | 'chart'>): string {
  return id === session ? (chart?.id ?? id) : id
}

/** Those without a parent that is known are at the top, in the order in which they were told. */
export function familiesOf(actors: readonly InspectedActor[]): ActorBranch[] {
  const known = new Set(actors.map(({ session }) => session))
  const branch = (actor: InspectedActor): ActorBranch => ({
    actor,
    children: actors.filter(({ parent }) => parent === actor.session).map(branch),
  })
  return actors.filter(({ parent }) => parent === undefined || !known.has(parent)).map(branch)
}

export type Told = Exclude<InspectedRecord, { kind: 'actor' }>
export type Snapshot = Extract<InspectedRecord, { kind: 'snapshot' }>

/** A record and its number among all that this page has seen of the actor. */
export interface Numbered {
  readonly key: number
  readonly record: Told
}

/** Of what an actor has said, so much is kept. */
export const recordsKept = 500

function same(a: Told, b: Told): boolean {
  if (a.at !== b.at || a.kind !== b.kind) return false
  if (a.kind === 'event') return b.kind === 'event' && a.type === b.type && a.text === b.text
  return b.kind === 'snapshot' && a.context === b.context && a.active.join() === b.active.join()
}

/** The known row with what is new in `recent`. Where nothing of it is known any more, all of it is new. */
export function withRecent(known: readonly Numbered[], recent: readonly Told[]): readonly Numbered[] {
  let overlap = Math.min(known.length, recent.length)
  const matches = (length: number) =>
    known.slice(known.length - length).every(({ record }, index) => {
      const other = recent[index]
      return other !== undefined && same(record, other)
    })
  while (overlap > 0 && !matches(overlap)) overlap -= 1
  const fresh = recent.slice(overlap)
  if (fresh.length === 0) return known
  const next = (known.at(-1)?.key ?? 0) + 1
  return [...known, ...fresh.map((record, index) => ({ key: next + index, record }))].slice(-recordsKept)
}

export interface ActorMove extends Move {
  readonly snapshot: Snapshot
  /** The event before it, where one was told. */
  readonly event: Extract<InspectedRecord, { kind: 'event' }> | undefined
}

/** Each snapshot as a move, with the event that came before it. */
export function actorMovesOf(records: readonly Numbered[]): ActorMove[] {
  const moves: ActorMove[] = []
  let event: ActorMove['event']
  for (const { key, record } of records) {
    if (record.kind === 'event') {
      event = record
      continue
    }
    moves.push({ key, at: record.at, edges: record.edges, active: record.active, snapshot: record, event })
    event = undefined
  }
  return moves
}

/** Where a machine is, in few words: the innermost of these nodes, without the machine's own name. */
export function placesOf(active: readonly string[]): string {
  const inner = active.filter((id) => !active.some((other) => other.startsWith(`${id}.`)))
  return inner.map((id) => (id.includes('.') ? id.slice(id.indexOf('.') + 1) : id)).join(' and ')
}

/** Families that get a tab of their own: those that still run first, and the chosen one in any case. */
export function tabbed(
  families: readonly ActorBranch[],
  chosen: string,
  most: number,
): { readonly shown: readonly ActorBranch[]; readonly rest: readonly ActorBranch[] } {
  const isFirst = ({ actor }: ActorBranch) => actor.session === chosen
  const runs = ({ actor }: ActorBranch) => actor.status === 'active'
  const ranked = [...families].sort(
    (a, b) => Number(isFirst(b)) - Number(isFirst(a)) || Number(runs(b)) - Number(runs(a)),
  )
  const kept = new Set(ranked.slice(0, most))
  return { shown: families.filter((one) => kept.has(one)), rest: families.filter((one) => !kept.has(one)) }
}

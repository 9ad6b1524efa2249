/** The actors of one thread, as its records tell of them: so many of them, so many records of each, so much in all. */
import { limits } from '../base/limits.ts'
import type { InspectedActor, InspectedRecord } from '../chart/inspected.ts'

type Recent = InspectedActor['recent'][number]

interface Kept {
  actor: Omit<InspectedActor, 'recent'>
  readonly recent: Recent[]
}

export class InspectedActors {
  /** By session, oldest first. */
  readonly #bySession = new Map<string, Kept>()
  /** Of all records. */
  #chars = 0

  add(records: readonly InspectedRecord[]): void {
    for (const record of records) {
      if (record.kind === 'actor') this.#addActor(record)
      else this.#addRecent(record)
    }
    if (this.#chars > limits.inspectedChars) this.#shrink()
  }

  list(): InspectedActor[] {
    return [...this.#bySession.values()].map(({ actor, recent }) => ({ ...actor, recent: [...recent] }))
  }

  #addActor({ session, id, parent, chart }: Extract<InspectedRecord, { kind: 'actor' }>): void {
    this.#drop(session)
    if (this.#bySession.size >= limits.inspectedActors && !this.#makeRoom()) return
    const actor = {
      ...{ session, id, ...(parent !== undefined && { parent }), ...(chart && { chart }) },
      ...{ status: 'active', active: [], context: 'null' },
    }
    this.#bySession.set(session, { actor, recent: [] })
  }

  #addRecent(record: Recent): void {
    const kept = this.#bySession.get(record.session)
    if (kept === undefined) return
    kept.recent.push(record)
    this.#chars += charsOf(record)
    if (kept.recent.length > limits.inspectedRecent) this.#forgetOldest(kept)
    if (record.kind !== 'snapshot') return
    const { status, active, context } = record
    const leftOut = (kept.actor.leftOut ?? 0) + (record.leftOut ?? 0)
    kept.actor = { ...kept.actor, status, active, context, ...(leftOut > 0 && { leftOut }) }
  }

  #forgetOldest({ recent }: Kept): void {
    const oldest = recent.shift()
    if (oldest !== undefined) this.#chars -= charsOf(oldest)
  }

  #drop(session: string): void {
    for (const record of this.#bySession.get(session)?.recent ?? []) this.#chars -= charsOf(record)
    this.#bySession.delete(session)
  }

  /** The oldest that has ended gives way. */
  #makeRoom(): boolean {
    for (const [session, { actor }] of this.#bySession) {
      if (actor.status === 'active') continue
      this.#drop(session)
      return true
    }
    return false
  }

  /** Whatever is oldest goes first, of whichever actor, down to three quarters: so this is not done for every record. */
  #shrink(): void {
    const all = [...this.#bySession.values()].flatMap((kept) => kept.recent.map(({ at }) => ({ at, kept })))
    for (const { kept } of all.sort((a, b) => a.at - b.at)) {
      if (this.#chars <= limits.inspectedChars * 0.75) return
      this.#forgetOldest(kept)
    }
  }
}

function charsOf(record: Recent): number {
  if (record.kind === 'event') return record.type.length + record.text.length
  return record.context.length + record.edges.reduce((sum, edge) => sum + edge.length, 0)
}

/**
 * Documents by kind and id, each with a version. Versions count through the whole store, so one is never given twice:
 * who expects an old version of a record that was removed and put again is told so. Time is handed in; what is taken
 * and given is text, so nobody can change a record from outside.
 */
export interface Stored {
  kind: string
  id: string
  /** JSON. */
  text: string
  version: number
  /** Epoch milliseconds. */
  at: number
}
export interface StoreState {
  /** The last version that was given. */
  version: number
  records: Stored[]
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

const kindPattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
export const isKind = (kind: unknown): kind is string =>
  typeof kind === 'string' && kind.length <= 64 && kindPattern.test(kind)
export const isId = (id: unknown): id is string => typeof id === 'string' && id.trim() !== '' && id.length <= 200

export function readState(state: StoreState | undefined): StoreState {
  if (state === undefined) return { version: 0, records: [] }
  const { version, records } = state
  const isStored = (each: Partial<Stored> | null) =>
    isKind(each?.kind) && isId(each?.id) && typeof each?.text === 'string' && Number.isFinite(each.at)
  const isWhole = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0
  if (!isWhole(version) || !Array.isArray(records) || !records.every(isStored)) {
    throw refusal('STATE_INVALID', 'The restored state is no state of the records.')
  }
  const late = records.find((each) => !isWhole(each.version) || each.version > version)
  if (late === undefined) return state
  throw refusal('STATE_INVALID', `The restored record ${late.kind} ${late.id} has a version that was never given.`)
}

export class Store {
  readonly #kinds = new Map<string, Map<string, Stored>>()
  /** Ids of a kind in order, made when a list is asked for and thrown away when an id comes or goes. */
  readonly #order = new Map<string, string[]>()
  readonly #max: number
  #version: number
  #size = 0

  constructor(max: number, { version, records }: StoreState) {
    this.#max = max
    this.#version = version
    for (const each of records) this.#keep(each)
  }

  put(kind: string, id: string, text: string, expected: number | undefined, nowMs: number): Stored {
    this.#expect(kind, id, expected)
    if (this.get(kind, id) === undefined && this.#size >= this.#max) {
      throw refusal('STORE_FULL', `There are ${this.#max} records, which is the limit: remove some.`)
    }
    this.#version += 1
    const stored = { kind, id, text, version: this.#version, at: nowMs }
    this.#keep(stored)
    return stored
  }

  get(kind: string, id: string): Stored | undefined {
    return this.#kinds.get(kind)?.get(id)
  }

  /** The version of the removal, or undefined where there was nothing. */
  remove(kind: string, id: string, expected: number | undefined): number | undefined {
    this.#expect(kind, id, expected)
    const records = this.#kinds.get(kind)
    if (!records?.delete(id)) return undefined
    if (records.size === 0) this.#kinds.delete(kind)
    this.#order.delete(kind)
    this.#size -= 1
    this.#version += 1
    return this.#version
  }

  /** By id, from the first that is not before `from`. */
  list(kind: string, from: string, count: number): Stored[] {
    const records = this.#kinds.get(kind) ?? new Map<string, Stored>()
    const order = this.#order.get(kind) ?? [...records.keys()].sort()
    if (records.size > 0) this.#order.set(kind, order)
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((order[middle] ?? '') < from) low = middle + 1
      else high = middle
    }
    return order.slice(low, low + count).flatMap((id) => records.get(id) ?? [])
  }

  count(kind: string | undefined): number {
    return kind === undefined ? this.#size : (this.#kinds.get(kind)?.size ?? 0)
  }

  state(): StoreState {
    return { version: this.#version, records: [...this.#kinds.values()].flatMap((records) => [...records.values()]) }
  }

  #keep(stored: Stored): void {
    const records = this.#kinds.get(stored.kind) ?? new Map<string, Stored>()
    if (!records.has(stored.id)) {
      this.#size += 1
      this.#order.delete(stored.kind)
    }
    this.#kinds.set(stored.kind, records.set(stored.id, stored))
  }

  #expect(kind: string, id: string, expected: number | undefined): void {
    const version = this.get(kind, id)?.version ?? 0
    if (expected === undefined || expected === version) return
    const is = version === 0 ? 'it is not there' : `its version is ${version}`
    throw refusal('VERSION_CONFLICT', `${kind} ${id} was expected at version ${expected}, but ${is}: read it again.`)
  }
}

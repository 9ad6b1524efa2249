/**
 * The records themselves, by kind and id. A version is never given twice to the same id, not even when a record is
 * removed and made anew: a writer who remembers the old version must not overwrite the new record by it.
 */
import { inspect, isDeepStrictEqual } from 'node:util'

export interface Stored {
  id: string
  value: unknown
  version: number
  /** When this version was written. Epoch milliseconds. */
  at: number
}
export interface Saved {
  /** The highest version that a removed record had: whatever is made anew starts above it. */
  floor: number
  records: (Stored & { kind: string })[]
}

export const limits = { kindChars: 64, idChars: 200, valueChars: 65_536, depth: 64, listed: 1000 }

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

export function needText(value: unknown, name: string, max: number): asserts value is string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= max) return
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value
  throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${max} characters that is not blank. Got: ${got}`)
}

/** Elsewhere a record is called `kind/id`, by the policy and by the search: what is before the first / is the kind. */
export function needKind(kind: unknown): asserts kind is string {
  needText(kind, 'kind', limits.kindChars)
  if (kind.includes('/')) throw refusal('INVALID_ARGUMENT', `kind must have no / in it. Got: ${shown(kind)}`)
}

export function needNumber(code: string, value: unknown, name: string, min: number, max = 2 ** 53 - 1): void {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return
  throw refusal(code, `${name}: accepted is a whole number from ${min} to ${max}. Got: ${shown(value)}`)
}

/**
 * Looked at before it is written: a list that holds the same list twice, forty levels deep, is a few bytes to send and
 * 2 ** 40 to write, and what is nested too deeply could be kept here and never be read or saved by anybody.
 */
function needBounded(value: unknown, depth: number, parts: { left: number }): void {
  if (--parts.left < 0) throw refusal('INVALID_ARGUMENT', `value has at most ${limits.valueChars} characters as JSON.`)
  if (typeof value !== 'object' || value === null) return
  if (depth === 0) throw refusal('INVALID_ARGUMENT', `value is nested at most ${limits.depth} levels deep.`)
  for (const member of Object.values(value)) needBounded(member, depth - 1, parts)
}

/** How the value is written as JSON; refused where JSON would lose some of it, as it does with a Map or a Date. */
function jsonOf(value: unknown): string {
  needBounded(value, limits.depth, { left: limits.valueChars })
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw refusal('INVALID_ARGUMENT', `value cannot be written as JSON: ${String(error)}`)
  }
  if (text === undefined || !isDeepStrictEqual(JSON.parse(text), value)) {
    throw refusal('INVALID_ARGUMENT', 'value must be what JSON keeps: null, booleans, numbers, texts, lists, objects.')
  }
  if (text.length > limits.valueChars) {
    throw refusal('INVALID_ARGUMENT', `value has at most ${limits.valueChars} characters as JSON. Got: ${text.length}`)
  }
  return text
}

interface Held {
  record: Stored
  chars: number
}
interface Shelf {
  held: Map<string, Held>
  /** The ids in their order, made when a list is asked for and thrown away when an id comes or goes. */
  ids?: string[] | undefined
}

export class Store {
  readonly #shelves = new Map<string, Shelf>()
  readonly #maxRecords: number
  readonly #maxChars: number
  #floor = 0
  #count = 0
  #chars = 0

  constructor(restored: unknown, maxRecords: number, maxChars: number) {
    this.#maxRecords = maxRecords
    this.#maxChars = maxChars
    if (restored === undefined) return
    try {
      this.#restore(restored as Saved)
    } catch (error) {
      throw refusal('STATE_INVALID', `The restored state is not as a snapshot leaves it: ${(error as Error).message}`)
    }
  }

  /** Returns the version that came to be. */
  put(kind: string, id: string, value: unknown, at: number, expected?: number): number {
    const known = this.get(kind, id)
    if (expected !== undefined && expected !== (known?.version ?? 0)) {
      const now = known === undefined ? 'is not there' : `has version ${known.version}`
      throw refusal('VERSION_CONFLICT', `${kind} ${JSON.stringify(id)} ${now}; expected was version ${expected}.`)
    }
    const version = (known?.version ?? this.#floor) + 1
    this.#hold(kind, { id, value, version, at })
    return version
  }

  get(kind: string, id: string): Stored | undefined {
    return this.#shelves.get(kind)?.held.get(id)?.record
  }

  list(kind: string, after: string, count: number): Stored[] {
    const shelf = this.#shelves.get(kind)
    if (shelf === undefined) return []
    shelf.ids ??= [...shelf.held.keys()].sort()
    const from = firstAfter(shelf.ids, after)
    return shelf.ids.slice(from, from + count).flatMap((id) => shelf.held.get(id)?.record ?? [])
  }

  /** Returns the last version of what was removed; undefined where there was nothing. */
  remove(kind: string, id: string): number | undefined {
    const shelf = this.#shelves.get(kind)
    const held = shelf?.held.get(id)
    if (shelf === undefined || held === undefined) return undefined
    shelf.held.delete(id)
    shelf.ids = undefined
    if (shelf.held.size === 0) this.#shelves.delete(kind)
    this.#count -= 1
    this.#chars -= held.chars
    this.#floor = Math.max(this.#floor, held.record.version)
    return held.record.version
  }

  count(kind?: string): number {
    return kind === undefined ? this.#count : (this.#shelves.get(kind)?.held.size ?? 0)
  }

  saved(): Saved {
    const records = [...this.#shelves].flatMap(([kind, { held }]) =>
      [...held.values()].map(({ record }) => ({ kind, ...record })),
    )
    return { floor: this.#floor, records }
  }

  /** Everything is looked at before anything is changed. */
  #hold(kind: string, record: Stored): void {
    const chars = jsonOf(record.value).length
    const shelf = this.#shelves.get(kind) ?? { held: new Map<string, Held>() }
    const known = shelf.held.get(record.id)
    if (known === undefined && this.#count >= this.#maxRecords) {
      throw refusal('RECORDS_FULL', `There are ${this.#maxRecords} records, which is the limit: remove some.`)
    }
    const total = this.#chars + chars - (known?.chars ?? 0)
    if (total > this.#maxChars) {
      throw refusal('RECORDS_FULL', `All values would have ${total} characters; the limit is ${this.#maxChars}.`)
    }
    this.#chars = total
    if (known === undefined) {
      this.#count += 1
      shelf.ids = undefined
    }
    shelf.held.set(record.id, { record, chars })
    this.#shelves.set(kind, shelf)
  }

  #restore({ floor, records }: Saved): void {
    needNumber('STATE_INVALID', floor, 'floor', 0)
    if (!Array.isArray(records)) throw refusal('STATE_INVALID', `records must be a list. Got: ${typeof records}`)
    for (const { kind, id, value, version, at } of records) {
      needKind(kind)
      needText(id, 'id', limits.idChars)
      needNumber('STATE_INVALID', version, `the version of ${id}`, 1)
      if (!Number.isFinite(at)) throw refusal('STATE_INVALID', `${id} has no time.`)
      if (this.get(kind, id) !== undefined) throw refusal('STATE_INVALID', `${id} is there twice.`)
      this.#hold(kind, { id, value, version, at })
    }
    this.#floor = floor
  }
}

/** Where in the ordered ids the first one stands that comes after this one. */
function firstAfter(ids: readonly string[], after: string): number {
  let [low, high] = [0, ids.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ids[middle] ?? '') <= after) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): of a list that
 * shows something, the shortest part that still shows it, found by leaving ever smaller pieces out. What "shows" means is
 * the caller's test: a sequence of messages that still crashes, a set of reverted hunks that still mends. It knows
 * neither sandbox nor time, and the same answers lead to the same result whichever comes first.
 */

export interface DdminOptions {
  /** Tests at most, cached ones not counted. */
  readonly maxTests: number
  /** Tests at once; their answers are looked at in their order, so one may be in vain. Default 1. */
  readonly parallel?: number
  readonly signal?: AbortSignal
}

export interface Minimised<T> {
  /** In the order of the list. */
  readonly items: readonly T[]
  /** Calls of the test that were answered. */
  readonly tests: number
  /** `minimal`: without any one of its items the test does not hold. `budget`: there was no time to see. */
  readonly ended: 'minimal' | 'budget'
}

/** Undefined: it could not be tested any more, which ends the search with what was found until then. */
export type Holds<T> = (part: readonly T[]) => Promise<boolean | undefined>

/**
 * The whole list is taken to hold and is not tested; the empty one is, first. Takes about 2 log n tests where one item
 * is to blame, and n squared and some at worst. Of pieces of one size the last is tried first: what goes wrong at the
 * end of a sequence most often needs its end.
 * @throws what the test throws; the signal's reason.
 */
export async function ddmin<T>(list: readonly T[], holds: Holds<T>, options: DdminOptions): Promise<Minimised<T>> {
  const search = new Search(list, holds, options)
  const kept = await search.run()
  const items = kept.map((index) => list[index] as T)
  return { items, tests: search.tests, ended: search.isSpent ? 'budget' : 'minimal' }
}

/** Indices into the list, ascending. */
type Part = readonly number[]

class Search<T> {
  tests = 0
  isSpent = false
  readonly #list: readonly T[]
  readonly #holds: Holds<T>
  readonly #options: DdminOptions
  /** By the indices of the part. What holds is never asked about again, so only what does not is kept. */
  readonly #failed = new Set<string>()

  constructor(list: readonly T[], holds: Holds<T>, options: DdminOptions) {
    this.#list = list
    this.#holds = holds
    this.#options = options
  }

  async run(): Promise<Part> {
    let kept: Part = this.#list.map((_, index) => index)
    if (kept.length === 0 || (await this.#first([[]])) !== undefined) return []
    let pieces = 2
    while (kept.length > 1 && !this.isSpent) {
      const parts = split(kept, pieces).reverse()
      const found = await this.#first(parts)
      if (found !== undefined) {
        kept = found
        pieces = 2
        continue
      }
      // Of two pieces each is what the other leaves.
      const rests = pieces === 2 ? [] : parts.map((part) => without(kept, part))
      const rest = await this.#first(rests)
      if (rest !== undefined) {
        kept = rest
        pieces = Math.max(pieces - 1, 2)
      } else if (pieces >= kept.length) {
        break
      } else {
        pieces = Math.min(pieces * 2, kept.length)
      }
    }
    return kept
  }

  /** The first of these that holds. */
  async #first(parts: readonly Part[]): Promise<Part | undefined> {
    const { parallel = 1, maxTests, signal } = this.#options
    const untried = parts.filter((part) => !this.#failed.has(keyOf(part)))
    for (let at = 0; at < untried.length; at += parallel) {
      signal?.throwIfAborted()
      const room = Math.max(0, maxTests - this.tests)
      const batch = untried.slice(at, at + Math.min(parallel, room))
      const answers = await this.#ask(batch)
      signal?.throwIfAborted()
      const index = answers.indexOf(true)
      if (index !== -1) return batch[index]
      if (batch.length < Math.min(parallel, untried.length - at)) this.isSpent = true
      if (this.isSpent) return undefined
    }
    return undefined
  }

  /** All of them have ended when it returns or throws: whoever tests may take down what they ran on. */
  async #ask(batch: readonly Part[]): Promise<(boolean | undefined)[]> {
    const settled = await Promise.allSettled(
      batch.map((part) => this.#holds(part.map((index) => this.#list[index] as T))),
    )
    return settled.map((outcome, index) => {
      if (outcome.status === 'rejected') throw outcome.reason
      if (outcome.value === undefined) this.isSpent = true
      else this.tests += 1
      if (outcome.value === false) this.#failed.add(keyOf(batch[index] as Part))
      return outcome.value
    })
  }
}

/** Pieces whose lengths differ by one at most. */
function split(part: Part, pieces: number): Part[] {
  return Array.from({ length: pieces }, (_, index) =>
    part.slice(Math.floor((index * part.length) / pieces), Math.floor(((index + 1) * part.length) / pieces)),
  )
}

function without(part: Part, left: Part): Part {
  const out = new Set(left)
  return part.filter((index) => !out.has(index))
}

function keyOf(part: Part): string {
  return part.join(',')
}

/**
 * The search for a part of a change that has to go: delta debugging over its hunks, a sandbox run for each part that is
 * tried, and a bound of runs over everything. A check that asks for what the change brought does not hold without the
 * change: then the recorded messages alone say what has to go, and what the check is content with is looked for around
 * it. What shares a name with the part that was found is tried along with it. It proposes nothing.
 */
import { LazaretError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { limits } from '../../base/limits.ts'
import { ddmin } from '../ddmin.ts'
import { cutHunk, type Hunk, revert } from '../hunks.ts'
import { makePatch, type PatchStep } from '../patch.ts'
import { SharedNames, type Together } from '../shared-names.ts'
import type { IsolatedResult } from '../trial.ts'
import type { AgentInput } from './agent.ts'

/** A hunk of one file; `file` is relative to the kernel's folder. */
export interface Place extends Hunk {
  readonly file: string
}

/** Texts by file, relative to the kernel's folder. */
export type Texts = ReadonlyMap<string, string>

export interface Change {
  readonly before: Texts
  /** As they are now, of the same files. */
  readonly texts: Texts
  /** In the order of the texts. */
  readonly places: readonly Place[]
}

export interface Found {
  readonly places: readonly Place[]
  /** `40 sandbox runs`, where the search was over before it was certain that nothing can be left out. */
  readonly endedAfter?: string
  /** Names by which they belong together; empty where each was found by itself. */
  readonly sharing: readonly string[]
}

/** The patches that take these places back, one a file. @param places in the order of their texts. */
export function stepsOf(texts: Texts, places: readonly Place[]): PatchStep[] {
  const steps: PatchStep[] = []
  for (const [file, now] of texts) {
    const own = places.filter((place) => place.file === file)
    if (own.length === 0) continue
    steps.push({ do: 'apply_patch', file, ...patchTo(file, now, revert(now, own)) })
  }
  return steps
}

export function patchTo(file: string, now: string, then: string): Pick<PatchStep, 'preimageSha256' | 'patch'> {
  return { preimageSha256: sha256(now), patch: makePatch(file, now, then) }
}

/** The sandbox runs of one search, counted: a part is tried by the recorded messages, and by the check if they pass. */
export class RevertSearch {
  /** The places, cut as small as they can be. */
  readonly pieces: readonly Place[]
  readonly #input: AgentInput
  readonly #change: Change
  readonly #piecesOf: ReadonlyMap<Place, readonly Place[]>
  readonly #names: SharedNames<Place>
  /** Lines of the failure's stack that are the kernel's own, from 1, by file. */
  readonly #failedAt: ReadonlyMap<string, readonly number[]>
  /** Texts that were handed out, or are golden's: restore.code is for those. */
  readonly #known = new Set<string>()
  /** Whether the messages pass, by the texts. */
  readonly #replayed = new Map<string, Promise<boolean>>()
  #runsLeft: number = limits.revertRuns
  /** Kept for what belongs together: nothing else may use them. */
  #kept = 0
  #endsAt: number | undefined
  /** Whether a part has to pass the check as well. */
  #byCheck: boolean
  /** A part passed the messages, and not the check. */
  #failedCheck = false

  constructor(input: AgentInput, change: Change) {
    this.#input = input
    this.#change = change
    this.#piecesOf = new Map(change.places.map((place) => [place, cutPlace(place)]))
    this.pieces = change.places.flatMap((place) => this.#cut(place))
    this.#names = new SharedNames(this.pieces, [...change.before.values()], [...change.texts.values()])
    this.#failedAt = linesOfStack(input)
    this.#known.add(this.#keyOf(change.places))
    this.#byCheck = input.checkUrl !== undefined
  }

  /**
   * The smallest part whose taking back mends it. Undefined where it does not fail as it is, where it still fails without
   * the whole change, and where the whole would have to go.
   */
  async least(): Promise<Found | undefined> {
    const { signal, progress, replay } = this.#input
    const { places } = this.#change
    progress(`The code has changed in ${places.length} places since the kernel was last steady.`)
    this.#endsAt = performance.now() + limits.revertSearchMs
    this.#runsLeft -= 1
    const [before, whole] = await Promise.allSettled([replay([]), this.#mends(places)])
    signal.throwIfAborted()
    if (before.status === 'rejected') throw before.reason
    if (whole.status === 'rejected') throw whole.reason
    if (passes(before.value) || !(whole.value === true || this.#withoutCheck())) return undefined
    this.#kept = this.#names.hasTies ? limits.revertRunsKept : 0
    const coarse = await this.#minimise(places)
    const fine = coarse.places.flatMap((place) => this.#cut(place))
    const isCut = fine.length > coarse.places.length
    const least = isCut && coarse.endedAfter === undefined ? await this.#minimise(fine) : coarse
    if (this.#byCheck || this.#input.checkUrl === undefined) return this.#handOut(least) ? least : undefined
    return this.#nearby(coarse, least)
  }

  /** What else mends it, after the proof has refused what was found: what belongs to it goes along. */
  async more({ places }: Found): Promise<Found | undefined> {
    this.#kept = 0
    this.#endsAt = undefined
    const whole = this.#change.places.filter((place) => this.#cut(place).some((piece) => places.includes(piece)))
    return this.#first([...this.#around(places), alone(whole), ...this.#around(whole)])
  }

  #around(places: readonly Place[]): Together<Place>[] {
    const pieces = places.flatMap((place) => this.#cut(place))
    const sets = [this.#names.byChange(pieces), this.#names.byDeclaration(pieces)]
    return sets.filter((set) => this.#hasFailed(set.pieces))
  }

  /**
   * Whether the failure came through one of these. Where it came through old code only, that may be what was forgotten, and
   * the change is right: taking back what works, so that it suits what does not, loses what nobody has a test for.
   */
  #hasFailed(places: readonly Place[]): boolean {
    return places.some(({ file, at, now }) =>
      this.#failedAt.get(file)?.some((line) => line > at && line <= at + now.length),
    )
  }

  /**
   * The least that the messages ask for need not be what the check is content with: what belongs to it, one other hunk, or
   * one more. Where none is, nothing is proposed that the proof would refuse.
   */
  async #nearby(coarse: Found, least: Found): Promise<Found | undefined> {
    const { places } = this.#change
    const others = places.filter((place) => !coarse.places.includes(place))
    // Without a place nothing speaks against it.
    const isOpen = (pieces: readonly Place[]) => this.#failedAt.size === 0 || this.#hasFailed(pieces)
    this.#byCheck = true
    this.#endsAt = undefined
    this.#kept = 0
    return this.#first([
      alone(least.places),
      ...this.#around(least.places),
      alone(coarse.places),
      ...others.map((place) => alone([place])),
      ...others
        .map((place) => alone(ordered(places, [...coarse.places, place])))
        .filter(({ pieces }) => isOpen(pieces)),
    ])
  }

  /** The first of these that mends it, one after the other: each is as likely as those after it together. */
  async #first(sets: readonly Together<Place>[]): Promise<Found | undefined> {
    for (const { pieces, names } of sets) {
      this.#input.signal.throwIfAborted()
      if (pieces.length === 0 || this.#known.has(this.#keyOf(pieces))) continue
      this.#known.add(this.#keyOf(pieces))
      const mends = await this.#mends(pieces)
      if (mends === undefined) return undefined
      if (mends) return { places: pieces, sharing: names }
    }
    return undefined
  }

  #handOut({ places }: Found): boolean {
    const key = this.#keyOf(places)
    const isNew = !this.#known.has(key)
    this.#known.add(key)
    return isNew
  }

  /** The check is as new as the change, and may ask for it: whether the messages pass is then all there is to go by. */
  #withoutCheck(): boolean {
    if (!this.#failedCheck) return false
    this.#byCheck = false
    this.#input.progress('The check asks for what the change brought; the messages alone decide.')
    return true
  }

  async #minimise(places: readonly Place[]): Promise<Found> {
    const { signal, progress } = this.#input
    const { items, ended } = await ddmin(places, (part) => this.#mends(part), {
      ...{ maxTests: limits.revertRuns, parallel: limits.sandboxParallel, signal },
    })
    progress(`${items.length} of ${places.length} hunks have to go; ${this.#runsLeft} sandbox runs are left.`)
    const endedAfter = `${limits.revertRuns - this.#runsLeft} sandbox runs`
    return { places: items, sharing: [], ...(ended === 'budget' && { endedAfter }) }
  }

  /** Undefined where there are no runs left for it, or no time. */
  async #mends(part: readonly Place[]): Promise<boolean | undefined> {
    if (part.length === 0) return false
    // Set aside for both beforehand: parts that are tried side by side must not count on the same run.
    const key = this.#keyOf(part)
    const known = this.#replayed.get(key)
    const runs = (known === undefined ? 1 : 0) + (this.#byCheck ? 1 : 0)
    if (this.#runsLeft - this.#kept < runs || performance.now() > (this.#endsAt ?? Infinity)) return undefined
    this.#runsLeft -= runs
    const steps = stepsOf(this.#change.texts, part)
    try {
      const replayed = known ?? this.#input.replay(steps).then(passes)
      this.#replayed.set(key, replayed)
      if (!(await replayed)) {
        this.#runsLeft += this.#byCheck ? 1 : 0
        return false
      }
      const checked = this.#byCheck ? await this.#input.check(steps) : undefined
      const holds = checked === undefined || passes(checked)
      this.#failedCheck ||= !holds
      return holds
    } catch (thrown) {
      // A step that cannot be applied mends nothing; a sandbox that fails ends the search.
      if (thrown instanceof LazaretError && thrown.code === 'PATCH_REFUSED') return false
      throw thrown
    }
  }

  #cut(place: Place): readonly Place[] {
    // A piece is not cut again.
    return this.#piecesOf.get(place) ?? [place]
  }

  /** The same for two sets of places that lead to the same texts. */
  #keyOf(places: readonly Place[]): string {
    return sha256(JSON.stringify(stepsOf(this.#change.texts, places)))
  }
}

function cutPlace(place: Place): readonly Place[] {
  return cutHunk(place).map((hunk) => ({ ...hunk, file: place.file }))
}

function linesOfStack({ evidence, kernelFolderUrl }: AgentInput): Map<string, number[]> {
  const lines = new Map<string, number[]>()
  for (const [, url = '', line] of evidence.error.stack?.matchAll(/(file:\/\/\/[^\s()]+?):(\d+):\d+/g) ?? []) {
    if (!url.startsWith(kernelFolderUrl)) continue
    const file = decodeURIComponent(url.slice(kernelFolderUrl.length))
    lines.set(file, [...(lines.get(file) ?? []), Number(line)])
  }
  return lines
}

function alone(pieces: readonly Place[]): Together<Place> {
  return { pieces, names: [] }
}

/** In the order of the texts. */
function ordered(all: readonly Place[], part: readonly Place[]): Place[] {
  return all.filter((place) => part.includes(place))
}

function passes(result: IsolatedResult): boolean {
  return result.outcome === 'passed' && result.refused === undefined
}

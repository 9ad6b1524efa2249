/**
 * Takes back the smallest part of a change with which the kernel does not fail any more, and keeps the rest: the code
 * that ran is compared with the golden snapshot's, the difference is cut into hunks, and delta debugging finds those at
 * fault by running the recorded messages and the check. A part that does not even parse fails like any other. Where
 * everything would have to go it proposes nothing: that is restore.code's candidate. A check that asks for what the
 * change brought does not hold without the change: then the recorded messages alone say what has to go, and the proof
 * holds the result against the check.
 */
import { LazaretError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { limits } from '../../base/limits.ts'
import type { Remedy } from '../../base/remedy.ts'
import { ddmin } from '../ddmin.ts'
import { cutHunk, type Hunk, hunksOf, revert } from '../hunks.ts'
import { makePatch, type PatchStep } from '../patch.ts'
import type { IsolatedResult } from '../trial.ts'
import type { AgentInput, RepairAgent } from './agent.ts'
import { isAllowedPatch } from './allowed-patch.ts'

const name = 'minimal-revert'

/** A hunk of one file; `file` is relative to the kernel's folder. */
interface Place extends Hunk {
  readonly file: string
}

/** Present texts by file, relative to the kernel's folder. */
type Texts = ReadonlyMap<string, string>

export const minimalRevert: RepairAgent = {
  name,
  async propose(input) {
    const { texts, places } = changesOf(input)
    if (places.length > limits.revertHunks) {
      const text = `The change has ${places.length} hunks, and at most ${limits.revertHunks} are told apart.`
      throw new LazaretError('AGENT_FAILED', text, { hint: 'Commit in smaller steps, or restore the code as a whole.' })
    }
    if (places.length === 0 || (places.length === 1 && places.flatMap(cutPlace).length === 1)) return []
    const search = new Search(input, texts)
    const found = await search.run(places)
    if (found === undefined || reverted(texts, places) === reverted(texts, found.places)) return []
    return [remedyOf(input, texts, places, found)]
  },
}

/** What has changed since golden, in files that a repair may change. */
function changesOf({ golden, sources, kernelFolderUrl }: AgentInput): { texts: Texts; places: Place[] } {
  const texts = new Map<string, string>()
  const places: Place[] = []
  for (const [url, before] of Object.entries(golden?.sources ?? {})) {
    const now = sources[url]
    // Files outside the kernel's folder are shared with others.
    if (now === undefined || now === before || !url.startsWith(kernelFolderUrl)) continue
    const file = decodeURIComponent(url.slice(kernelFolderUrl.length))
    // The proof would refuse it as well; the other files may be all that is needed.
    if (!isAllowedPatch({ do: 'apply_patch', file, ...patchTo(file, now, before) }, kernelFolderUrl)) continue
    texts.set(file, now)
    places.push(...hunksOf(before, now).map((hunk) => ({ ...hunk, file })))
  }
  return { texts, places }
}

function patchTo(file: string, now: string, then: string): Pick<PatchStep, 'preimageSha256' | 'patch'> {
  return { preimageSha256: sha256(now), patch: makePatch(file, now, then) }
}

function cutPlace(place: Place): Place[] {
  return cutHunk(place).map((hunk) => ({ ...hunk, file: place.file }))
}

/** The patches that take these places back, one a file. @param places in the order of their texts. */
function stepsOf(texts: Texts, places: readonly Place[]): PatchStep[] {
  const steps: PatchStep[] = []
  for (const [file, now] of texts) {
    const own = places.filter((place) => place.file === file)
    if (own.length === 0) continue
    steps.push({ do: 'apply_patch', file, ...patchTo(file, now, revert(now, own)) })
  }
  return steps
}

/** The same for two sets of places that lead to the same texts. */
function reverted(texts: Texts, places: readonly Place[]): string {
  return JSON.stringify(stepsOf(texts, places))
}

interface Found {
  readonly places: readonly Place[]
  /** False where the runs were over before it was certain that nothing can be left out. */
  readonly isMinimal: boolean
}

/** The sandbox runs of one search, counted: a part is tried by the recorded messages, and by the check if they pass. */
class Search {
  readonly #input: AgentInput
  readonly #texts: Texts
  #runsLeft = limits.revertRuns
  /** Whether a part has to pass the check as well. */
  #byCheck: boolean
  /** A part passed the messages, and not the check. */
  #failedCheck = false

  constructor(input: AgentInput, texts: Texts) {
    this.#input = input
    this.#texts = texts
    this.#byCheck = input.checkUrl !== undefined
  }

  /** Undefined where it does not fail as it is, or where it still fails without the whole change. */
  async run(places: readonly Place[]): Promise<Found | undefined> {
    this.#input.progress(`The code has changed in ${places.length} places since the kernel was last steady.`)
    this.#runsLeft -= 1
    const [before, whole] = await Promise.allSettled([this.#input.replay([]), this.#mends(places)])
    this.#input.signal.throwIfAborted()
    if (before.status === 'rejected') throw before.reason
    if (whole.status === 'rejected') throw whole.reason
    if (passes(before.value) || !(whole.value === true || this.#withoutCheck())) return undefined
    const coarse = await this.#minimise(places)
    const fine = coarse.places.flatMap(cutPlace)
    const isCut = fine.length > coarse.places.length
    const least = isCut && coarse.isMinimal ? await this.#minimise(fine) : coarse
    return this.#byCheck || this.#input.checkUrl === undefined ? least : this.#nearby(places, coarse, least)
  }

  /**
   * The least that the messages ask for need not be what the check is content with: one other hunk, or one more. Where
   * none is, nothing is proposed that the proof would refuse.
   */
  async #nearby(places: readonly Place[], coarse: Found, least: Found): Promise<Found | undefined> {
    const others = places.filter((place) => !coarse.places.includes(place))
    const parts = [
      least.places,
      ...others.map((place) => [place]),
      ...others.map((place) => ordered(places, [...coarse.places, place])),
    ]
    this.#byCheck = true
    for (const part of parts) {
      this.#input.signal.throwIfAborted()
      const mends = await this.#mends(part)
      if (mends === undefined) break
      if (mends) return { places: part, isMinimal: true }
    }
    return undefined
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
    const found = await ddmin(places, (part) => this.#mends(part), {
      ...{ maxTests: limits.revertRuns, parallel: limits.sandboxParallel, signal },
    })
    progress(`${found.items.length} of ${places.length} hunks have to go; ${this.#runsLeft} sandbox runs are left.`)
    return { places: found.items, isMinimal: found.ended === 'minimal' }
  }

  /** Undefined where there are no runs left for it. */
  async #mends(part: readonly Place[]): Promise<boolean | undefined> {
    if (part.length === 0) return false
    // Set aside for both beforehand: parts that are tried side by side must not count on the same run.
    const runs = this.#byCheck ? 2 : 1
    if (this.#runsLeft < runs) return undefined
    this.#runsLeft -= runs
    const steps = stepsOf(this.#texts, part)
    try {
      if (!passes(await this.#input.replay(steps))) {
        this.#runsLeft += runs - 1
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
}

/** In the order of the texts. */
function ordered(all: readonly Place[], part: readonly Place[]): Place[] {
  return all.filter((place) => part.includes(place))
}

function passes(result: IsolatedResult): boolean {
  return result.outcome === 'passed' && result.refused === undefined
}

function remedyOf(input: AgentInput, texts: Texts, places: readonly Place[], found: Found): Remedy {
  const where = [...texts.keys()].flatMap((file) => {
    const own = found.places.filter((place) => place.file === file)
    return own.length === 0 ? [] : [`${file} ${linesText(own)}`]
  })
  const doubt = found.isMinimal ? '' : ` Less may do: the search ended after ${limits.revertRuns} sandbox runs.`
  input.progress(`At fault: ${where.join('; ')}.`)
  return {
    ...{ agent: name, healedBy: 'code', steps: stepsOf(texts, found.places) },
    why: `Of a change in ${places.length} places since the kernel was last steady, this is taken back and the rest kept: ${where.join('; ')}.${doubt}`,
  }
}

/** `line 4, lines 10-12`, of the text as it is now; `after line 3` where lines are only missing. */
function linesText(places: readonly Place[]): string {
  const runs: { from: number; to: number }[] = []
  for (const { at, now } of places) {
    const [from, to] = [at + 1, at + now.length]
    const last = runs.at(-1)
    if (last !== undefined && last.to >= last.from && from === last.to + 1 && to >= from) last.to = to
    else runs.push({ from, to })
  }
  const texts = runs.map(({ from, to }) => {
    if (to < from) return to === 0 ? 'before line 1' : `after line ${to}`
    return from === to ? `line ${from}` : `lines ${from}-${to}`
  })
  return [...new Set(texts)].join(', ')
}

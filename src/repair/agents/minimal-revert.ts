/**
 * Takes back the smallest part of a change with which the kernel does not fail any more, and keeps the rest: the code
 * that ran is compared with the golden snapshot's, the difference is cut into hunks, and delta debugging finds those at
 * fault by running the recorded messages and the check. A part that does not even parse fails like any other. Where
 * everything would have to go it proposes nothing: that is restore.code's candidate. Where the proof refuses the smallest
 * part, what belongs to it goes along. How a part is found is revert-search.ts's business.
 */
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { ProofLine, Remedy } from '../../base/remedy.ts'
import { hunksOf } from '../hunks.ts'
import type { AgentInput, RepairAgent } from './agent.ts'
import { isAllowedPatch } from './allowed-patch.ts'
import { type Change, type Found, type Place, patchTo, RevertSearch, stepsOf } from './revert-search.ts'

const name = 'minimal-revert'

/** Where one of these does not hold it is not for the candidate: no other one will pass. */
const ofIncident: ReadonlySet<ProofLine['name']> = new Set(['red before', 'red again'])

export const minimalRevert: RepairAgent = {
  name,
  async *propose(input) {
    const change = changeOf(input)
    const { places } = change
    if (places.length > limits.revertHunks) {
      const text = `The change has ${places.length} hunks, and at most ${limits.revertHunks} are told apart.`
      throw new LazaretError('AGENT_FAILED', text, { hint: 'Commit in smaller steps, or restore the code as a whole.' })
    }
    const search = new RevertSearch(input, change)
    if (search.pieces.length < 2) return
    let found = await search.least()
    while (found !== undefined) {
      const remedy = remedyOf(input, change, found)
      yield remedy
      const judged = input.verdicts.at(-1)
      const refusedBy = judged?.remedy === remedy ? judged.verdict.lines.find(({ passed }) => !passed)?.name : undefined
      if (refusedBy !== undefined && ofIncident.has(refusedBy)) return
      found = await search.more(found)
    }
  },
}

/** What has changed since golden, in files that a repair may change. */
function changeOf({ golden, sources, kernelFolderUrl }: AgentInput): Change {
  const before = new Map<string, string>()
  const texts = new Map<string, string>()
  const places: Place[] = []
  for (const [url, then] of Object.entries(golden?.sources ?? {})) {
    const now = sources[url]
    // Files outside the kernel's folder are shared with others.
    if (now === undefined || now === then || !url.startsWith(kernelFolderUrl)) continue
    const file = decodeURIComponent(url.slice(kernelFolderUrl.length))
    // The proof would refuse it as well; the other files may be all that is needed.
    if (!isAllowedPatch({ do: 'apply_patch', file, ...patchTo(file, now, then) }, kernelFolderUrl)) continue
    before.set(file, then)
    texts.set(file, now)
    places.push(...hunksOf(then, now).map((hunk) => ({ ...hunk, file })))
  }
  return { before, texts, places }
}

function remedyOf(input: AgentInput, { texts, places }: Change, found: Found): Remedy {
  const where = [...texts.keys()].flatMap((file) => {
    const own = found.places.filter((place) => place.file === file)
    return own.length === 0 ? [] : [`${file} ${linesText(own)}`]
  })
  const doubt = found.endedAfter === undefined ? '' : ` Less may do: the search ended after ${found.endedAfter}.`
  const shown = found.sharing.slice(0, limits.revertNames).join(', ')
  const together = shown === '' ? '' : ` It goes together, as it has names in common: ${shown}.`
  input.progress(`At fault: ${where.join('; ')}.`)
  return {
    ...{ agent: name, healedBy: 'code', steps: stepsOf(texts, found.places) },
    why: `Of a change in ${places.length} places since the kernel was last steady, this is taken back and the rest kept: ${where.join('; ')}.${together}${doubt}`,
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

/**
 * How much a repair changes. A mend is small; what rewrites a file can hide anything, and nobody reads it. Going back to
 * the text that golden knows is no rewrite, however long the way. It counts, and reads nothing else.
 */
import { parsePatch } from 'diff'
import { limits } from '../../base/limits.ts'
import { count } from '../../base/words.ts'
import type { PatchStep } from '../patch.ts'
import { fell, held, type Judged } from './judged.ts'

export interface ChangedFile {
  readonly url: string
  /** As it is called in the kernel's folder. */
  readonly file: string
  readonly before: string
  readonly after: string
  /** As it was when the kernel was last steady; absent where golden does not know it. */
  readonly golden?: string | undefined
}

/** Share of a file's lines that must stay, and from how many lines on it counts. */
const rewrite = { keptShare: 0.2, lines: 20 }

export function judgeSize(patches: readonly PatchStep[], files: readonly ChangedFile[]): Judged {
  if (patches.length === 0 && files.length === 0) return held('No line of code is changed.')
  const back = files.filter(({ after, golden }) => after === golden)
  const backNames = new Set(back.map(({ file }) => file))
  const own = patches.filter(({ file }) => !backNames.has(file))
  const { added, removed } = own.map(linesOf).reduce(sum, { added: 0, removed: 0 })
  const total = added + removed
  const lines = `${count(total, 'line')} (${added} added, ${removed} taken out) in ${count(new Set(own.map(({ file }) => file)).size, 'file')}`
  if (total > limits.proofLines) return fell(`${lines} are changed; at most ${limits.proofLines} are accepted.`)
  if (files.length > limits.proofFiles) {
    return fell(`${count(files.length, 'file')} are changed; at most ${limits.proofFiles} are accepted.`)
  }
  const rewritten = files.find((file) => file.after !== file.golden && isRewritten(file))
  if (rewritten !== undefined)
    return fell(`${rewritten.file} is rewritten as a whole, so it is no repair of what was there.`)
  const goneBack =
    back.length === 0 ? '' : `${count(back.length, 'file')} as golden knows ${back.length === 1 ? 'it' : 'them'}`
  if (own.length === 0) return held(`${goneBack}, and nothing else.`)
  return held(goneBack === '' ? `${lines}.` : `${lines}; besides, ${goneBack}.`)
}

function linesOf({ patch }: PatchStep): { added: number; removed: number } {
  const lines = parsePatch(patch).flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines))
  const count = (mark: string) => lines.filter((line) => line.startsWith(mark)).length
  return { added: count('+'), removed: count('-') }
}

function sum<T extends { added: number; removed: number }>(one: T, other: T) {
  return { added: one.added + other.added, removed: one.removed + other.removed }
}

/** Nothing of it is left, or, of a longer one, next to nothing. Blank lines and lone brackets are nobody's. */
function isRewritten({ before, after }: ChangedFile): boolean {
  const meant = (text: string) => text.split('\n').filter((line) => /\w/.test(line))
  const was = meant(before)
  if (was.length === 0) return false
  const now = new Map<string, number>()
  for (const line of meant(after)) now.set(line, (now.get(line) ?? 0) + 1)
  let kept = 0
  for (const line of was) {
    const left = now.get(line) ?? 0
    if (left === 0) continue
    now.set(line, left - 1)
    kept += 1
  }
  // A file of one or two lines may be mended by changing each of them, but not by leaving none.
  if (meant(after).length === 0) return true
  return was.length >= rewrite.lines && kept < rewrite.keptShare * was.length
}

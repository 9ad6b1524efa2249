/**
 * A unified diff as rows of two columns: what was there beside what is there now, with the words that differ marked.
 * Pure. Secrets are struck out line by line. It says in a sentence what it cannot read.
 */
import { diffWordsWithSpace, parsePatch } from 'diff'
import { limits } from '../base/limits.ts'
import { escapeUnsafe, redactText } from '../base/redact.ts'

export interface DiffFile {
  readonly file: string
  readonly added: number
  readonly removed: number
  readonly rows: readonly DiffRow[]
  /** Rows that are too many to be shown. */
  readonly leftOut: number
  /** Why it cannot be shown. */
  readonly problem?: string
}

/** gap: lines between two hunks that are not in the diff. A side that is absent has no line there. */
export interface DiffRow {
  readonly kind: 'same' | 'changed' | 'added' | 'removed' | 'gap'
  readonly left?: DiffSide
  readonly right?: DiffSide
}

export interface DiffSide {
  /** Number of the line, from 1. */
  readonly n: number
  readonly parts: readonly DiffPart[]
}

export interface DiffPart {
  readonly text: string
  /** It is what differs. */
  readonly marked?: true
}

export function diffFile(file: string, patch: string): DiffFile {
  const none = { file, added: 0, removed: 0, rows: [], leftOut: 0 }
  if (patch.length > limits.patchBytes) return { ...none, problem: `the patch has ${patch.length} characters` }
  try {
    const hunks = parsePatch(patch).flatMap((one) => one.hunks)
    if (hunks.length === 0) return { ...none, problem: 'the patch changes nothing' }
    const rows = hunks.flatMap((hunk, index): DiffRow[] => [
      ...(index === 0 ? [] : [{ kind: 'gap' as const }]),
      ...rowsOf(hunk.lines, hunk.oldStart, hunk.newStart),
    ])
    const lines = hunks.flatMap((hunk) => hunk.lines)
    return {
      file,
      added: lines.filter((line) => line.startsWith('+')).length,
      removed: lines.filter((line) => line.startsWith('-')).length,
      rows: rows.slice(0, limits.storyDiffRows),
      leftOut: Math.max(0, rows.length - limits.storyDiffRows),
    }
  } catch (thrown) {
    return { ...none, problem: `the patch cannot be read: ${thrown instanceof Error ? thrown.message : 'no diff'}` }
  }
}

function rowsOf(lines: readonly string[], oldStart: number, newStart: number): DiffRow[] {
  const rows: DiffRow[] = []
  let [left, right] = [oldStart, newStart]
  let out: string[] = []
  let into: string[] = []
  const flush = () => {
    rows.push(...besides(out, into, left - out.length, right - into.length))
    out = []
    into = []
  }
  for (const line of lines) {
    const text = shown(line.slice(1))
    if (line.startsWith('-')) {
      // A block of out and in is over where lines go out again.
      if (into.length > 0) flush()
      out.push(text)
      left += 1
    } else if (line.startsWith('+')) {
      into.push(text)
      right += 1
    } else if (!line.startsWith('\\')) {
      flush()
      rows.push({ kind: 'same', left: { n: left, parts: [{ text }] }, right: { n: right, parts: [{ text }] } })
      left += 1
      right += 1
    }
  }
  flush()
  return rows
}

function besides(out: readonly string[], into: readonly string[], left: number, right: number): DiffRow[] {
  return Array.from({ length: Math.max(out.length, into.length) }, (_, index): DiffRow => {
    const [before, after] = [out[index], into[index]]
    if (before === undefined) return { kind: 'added', right: { n: right + index, parts: [{ text: after ?? '' }] } }
    if (after === undefined) return { kind: 'removed', left: { n: left + index, parts: [{ text: before }] } }
    const [leftParts, rightParts] = marked(before, after)
    return {
      kind: 'changed',
      left: { n: left + index, parts: leftParts },
      right: { n: right + index, parts: rightParts },
    }
  })
}

/** What is common to both is a hint only where it is most of the line; otherwise the whole of it has changed. */
function marked(before: string, after: string): [DiffPart[], DiffPart[]] {
  const whole: [DiffPart[], DiffPart[]] = [[{ text: before }], [{ text: after }]]
  if (Math.max(before.length, after.length) > limits.sourceLineChars) return whole
  const changes = diffWordsWithSpace(before, after)
  const common = changes.reduce(
    (sum, { added, removed, value }) => (added || removed ? sum : sum + value.trim().length),
    0,
  )
  if (common * 3 < Math.max(before.trim().length, after.trim().length)) return whole
  const side = (isOther: (change: (typeof changes)[number]) => boolean): DiffPart[] =>
    changes
      .filter((change) => !isOther(change))
      .map(({ value, added, removed }) => ({ text: value, ...((added || removed) && { marked: true as const }) }))
  return [side(({ added }) => added), side(({ removed }) => removed)]
}

/** Tabs stay: they are how a line is indented. */
function shown(line: string): string {
  const text = line
    .split('\t')
    .map((part) => escapeUnsafe(redactText(part)))
    .join('\t')
  return text.length <= limits.storyDiffLineChars ? text : `${text.slice(0, limits.storyDiffLineChars)}...`
}

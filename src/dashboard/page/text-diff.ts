/** What has changed between two texts, as lines with what surrounds them. Pure. */
import { structuredPatch } from 'diff'

export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'same' | 'gap'
  /** Number of the line in the old and in the new text; absent where it is not in it. */
  readonly old?: number
  readonly new?: number
  readonly text: string
}

/** Lines around a change that are shown with it. */
const contextLines = 3

/** Nothing where the texts are the same. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: contextLines })
  const lines: DiffLine[] = []
  for (const { oldStart, newStart, lines: of } of hunks) {
    if (lines.length > 0) lines.push({ kind: 'gap', text: '' })
    let [old, fresh] = [oldStart, newStart]
    for (const line of of) {
      const text = line.slice(1)
      if (line.startsWith('-')) lines.push({ kind: 'removed', old: old++, text })
      else if (line.startsWith('+')) lines.push({ kind: 'added', new: fresh++, text })
      // `\ No newline at end of file`: of no interest to whoever reads it here.
      else if (line.startsWith(' ')) lines.push({ kind: 'same', old: old++, new: fresh++, text })
    }
  }
  return lines
}

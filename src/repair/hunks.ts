/**
 * A change of a text, cut into the smallest pieces that can be taken back one by one. No context is kept around them:
 * each names its lines in the text as it is now, so any set of them applies, in any order, and adjacent ones stay apart.
 * Pure. Which of them to take back is for others to say.
 */
import { diffArrays } from 'diff'
import { limits } from '../base/limits.ts'

export interface Hunk {
  /** Index of the first of its lines in the present text, from 0; where it has none, of the line before which they were. */
  readonly at: number
  /** Lines of the present text that the change brought, with their line ends. */
  readonly now: readonly string[]
  /** What stood in their place before. */
  readonly before: readonly string[]
}

/** With their line ends, so that a missing one at the end of the file is a difference like any other. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** In the order of the text; one for everything where the texts have too little in common for a diff. */
export function hunksOf(before: string, now: string): Hunk[] {
  const [old, present] = [linesOf(before), linesOf(now)]
  // diffArrays returns nothing where the edit is longer than it may look for.
  const changes = diffArrays(old, present, { maxEditLength: limits.diffLines }) ?? [
    { value: old, added: false, removed: true },
    { value: present, added: true, removed: false },
  ]
  const hunks: Hunk[] = []
  let at = 0
  let open: { at: number; now: string[]; before: string[] } | undefined
  for (const { value, added, removed } of changes) {
    if (!added && !removed) {
      open = undefined
    } else {
      if (open === undefined) {
        open = { at, now: [], before: [] }
        hunks.push(open)
      }
      ;(added ? open.now : open.before).push(...value)
    }
    if (!removed) at += value.length
  }
  return hunks
}

/**
 * The same change in smaller pieces: lines that stand for as many old ones, each with its own; lines that are only new,
 * or only gone, parted at blank ones. A hunk that cannot be cut is returned as it is.
 */
export function cutHunk(hunk: Hunk): Hunk[] {
  const { at, now, before } = hunk
  if (now.length === before.length) {
    return now.map((line, index) => ({ at: at + index, now: [line], before: [before[index] ?? ''] }))
  }
  if (now.length > 0 && before.length > 0) return [hunk]
  const blocks = blocksOf(now.length > 0 ? now : before)
  let index = at
  return blocks.map((block) => {
    const piece = now.length > 0 ? { at: index, now: block, before: [] } : { at, now: [], before: block }
    if (now.length > 0) index += block.length
    return piece
  })
}

/** Runs of lines, each with the blank lines that follow it. */
function blocksOf(lines: readonly string[]): string[][] {
  const blocks: string[][] = []
  let wasBlank = true
  for (const line of lines) {
    const isBlank = line.trim() === ''
    if (blocks.length === 0 || (wasBlank && !isBlank)) blocks.push([line])
    else blocks.at(-1)?.push(line)
    wasBlank = isBlank
  }
  return blocks
}

/** The present text without these hunks. @param hunks of this text, in its order. */
export function revert(now: string, hunks: readonly Hunk[]): string {
  const lines = linesOf(now)
  const result: string[] = []
  let taken = 0
  for (const { at, now: brought, before } of hunks) {
    result.push(...lines.slice(taken, at), ...before)
    taken = at + brought.length
  }
  return [...result, ...lines.slice(taken)].join('')
}

/** A list of sentences without what is merely said again. Pure. */

interface Repeated {
  readonly at: number
  readonly kernel: string
  readonly word: string
  readonly text: string
  readonly times: number
  /** There may be thousands of them: they gather where the first of them stands. */
  readonly gathers?: boolean
}

/** What comes later than this after the first of its kind begins a line of its own. Milliseconds. */
export const gatherMs = 600_000

const isSame = (one: Repeated, other: Repeated) =>
  one.kernel === other.kernel && one.word === other.word && one.text === other.text

/**
 * What repeats itself at once is said once, with how often; what gathers, too where other things have happened in
 * between. @param all newest first.
 */
export function folded<T extends Repeated>(all: readonly T[]): T[] {
  const lines: T[] = []
  for (const one of all.toReversed()) {
    const index = lines.findLastIndex(
      (line, place) =>
        isSame(line, one) && (one.gathers === true ? one.at - line.at < gatherMs : place === lines.length - 1),
    )
    const line = lines[index]
    if (line === undefined) lines.push(one)
    else lines[index] = { ...line, times: line.times + one.times, ...(one.gathers !== true && { at: one.at }) }
  }
  return lines.reverse()
}

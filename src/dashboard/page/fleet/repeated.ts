/** A list of sentences without what is merely said again. Pure. */

interface Repeated {
  readonly kernel: string
  readonly word: string
  readonly text: string
  readonly times: number
}

/** What repeats itself at once is said once, with how often. @param all newest first. */
export function folded<T extends Repeated>(all: readonly T[]): T[] {
  const lines: T[] = []
  for (const one of all) {
    const last = lines.at(-1)
    const isSame = last?.kernel === one.kernel && last.word === one.word && last.text === one.text
    if (isSame) lines[lines.length - 1] = { ...last, times: last.times + one.times }
    else lines.push(one)
  }
  return lines
}

/**
 * The lines that the view of logs holds: the last ones of a stream, parsed once, found by a text in them. Pure; which of
 * them are drawn is the view's business.
 */

/** Lines kept on the page: what somebody scrolls through by hand. */
export const keptLines = 2000

export interface ShownLine {
  /** Counts up by one for each line that came. */
  readonly n: number
  /** Epoch milliseconds. */
  readonly at: number
  /** pino's number. */
  readonly level: number
  readonly kernel: string
  readonly msg: string
  /** What was logged beside the message, as JSON; empty where there is nothing. */
  readonly facts: string
  /** In lower case, to look for a text in. */
  readonly lower: string
}

export class LogLines {
  #lines: ShownLine[] = []
  #came = 0
  /** Lines that the server has left out, because they were too many. */
  leftOut = 0
  /** Lines were left out that nobody has counted, because the page was too slow. */
  missed = false

  get all(): readonly ShownLine[] {
    return this.#lines
  }

  /** @param texts JSON in pino's shape; what is none is shown as it is. */
  add(texts: readonly string[]): void {
    for (const text of texts) {
      this.#came += 1
      this.#lines.push(parse(this.#came, text))
    }
    if (this.#lines.length > keptLines) this.#lines = this.#lines.slice(-keptLines)
  }

  /** Those with the text in message, facts or kernel; upper and lower case are the same. */
  matching(text: string): readonly ShownLine[] {
    const wanted = text.trim().toLowerCase()
    return wanted === '' ? this.#lines : this.#lines.filter(({ lower }) => lower.includes(wanted))
  }

  clear(): void {
    this.#lines = []
    this.leftOut = 0
    this.missed = false
  }
}

function parse(n: number, text: string): ShownLine {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(text) as Record<string, unknown>
  } catch {
    // The runtime writes JSON only; whatever this is, somebody should see it.
    value = { msg: text, level: 50, time: Date.now() }
  }
  const { level, time, kernel, msg, ...others } = value
  const facts = Object.keys(others).length === 0 ? '' : JSON.stringify(others)
  const of = String(kernel ?? '')
  const message = String(msg ?? '')
  const lower = `${message} ${facts} ${of}`.toLowerCase()
  return { n, at: Number(time), level: Number(level), kernel: of, msg: message, facts, lower }
}

const words: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

export function levelWord(level: number): string {
  return words[level] ?? String(level)
}

/** Index of the first line that came as `n` or later; the number of lines where there is none. */
export function indexFrom(lines: readonly ShownLine[], n: number): number {
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle]?.n ?? 0) < n) low = middle + 1
    else high = middle
  }
  return low
}

/** For the clipboard: one line a line. */
export function asText({ at, level, kernel, msg, facts }: ShownLine): string {
  const rest = facts === '' ? '' : `  ${facts}`
  return `${new Date(at).toISOString()}  ${levelWord(level).padEnd(5)}  ${kernel}  ${msg}${rest}`
}

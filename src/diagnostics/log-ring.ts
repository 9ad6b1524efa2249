/**
 * The last lines that each kernel logged, kept in memory as finished NDJSON in pino's shape, so that kernel.log is a
 * copy and no work. Lines are redacted and escaped when they are added: whoever reads them later reads safe text.
 */
import type { LogLine } from '../actor/protocol.ts'
import type { ErrorRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { escapeUnsafe, redact, redactText } from '../base/redact.ts'

/** One line: {"level","time","kernel","msg",...facts}, limits.logLineChars at most, facts left out where they do not fit. */
export function formatLine(kernel: string, line: LogLine): string {
  const msg = redactText(line.msg.slice(0, limits.logLineChars / 2))
  const own = { level: line.level, time: line.time, kernel, msg }
  const facts = line.facts === undefined ? {} : redact(line.facts)
  const whole = encode({ ...(facts as object), ...own })
  if (whole.length <= limits.logLineChars) return whole
  const short = encode({ ...own, factsLeftOut: true })
  // Escapes can make six characters of one, so even the message alone may be too long.
  return short.length <= limits.logLineChars ? short : encode({ ...own, msg: msg.slice(0, 512), factsLeftOut: true })
}

function encode(line: object): string {
  return escapeUnsafe(JSON.stringify(line))
}

/** A finished line, and what it is chosen by. */
export interface KeptLine {
  readonly text: string
  readonly level: LogLine['level']
  readonly time: number
}

interface Ring {
  readonly lines: KeptLine[]
  /** Where the next line goes once the ring is full: also the oldest line. */
  next: number
}

/** @param text the finished line. */
export type LogFollower = (kernel: string, level: LogLine['level'], text: string) => void

export class LogRing {
  readonly #rings = new Map<string, Ring>()
  readonly #followers = new Set<LogFollower>()

  /** Returns the finished line. */
  add(kernel: string, line: LogLine): string {
    const text = formatLine(kernel, line)
    let ring = this.#rings.get(kernel)
    if (ring === undefined) {
      ring = { lines: [], next: 0 }
      this.#rings.set(kernel, ring)
    }
    ring.lines[ring.next] = { text, level: line.level, time: line.time }
    ring.next = (ring.next + 1) % limits.logRingLines
    if (this.#followers.size > 0) for (const follower of [...this.#followers]) follower(kernel, line.level, text)
    return text
  }

  /**
   * Calls for each line from now on, at once and within the caller's turn: it must not throw and must not wait. Returns
   * the function that ends it. @throws LazaretError COMMAND_REFUSED past limits.logFollowers.
   */
  follow(follower: LogFollower): () => void {
    if (this.#followers.size >= limits.logFollowers) {
      throw new LazaretError('COMMAND_REFUSED', `${limits.logFollowers} already follow the logs, which is the most.`, {
        hint: 'End one of them: lazaret logs -f, or a page of the dashboard that shows logs.',
      })
    }
    // One object for each call: the same function may follow twice.
    const one: LogFollower = (...line) => follower(...line)
    this.#followers.add(one)
    return () => this.#followers.delete(one)
  }

  /** The last `n` lines of a kernel, oldest first; none for a kernel that never logged. */
  last(kernel: string, n: number = limits.kernelLogLines): string[] {
    return this.lastKept(kernel, n).map(({ text }) => text)
  }

  lastKept(kernel: string, n: number): KeptLine[] {
    const ring = this.#rings.get(kernel)
    if (ring === undefined || n <= 0) return []
    const inOrder =
      ring.lines.length < limits.logRingLines
        ? ring.lines
        : [...ring.lines.slice(ring.next), ...ring.lines.slice(0, ring.next)]
    return inOrder.slice(-n)
  }
}

/** Words of four letters or more, of the error and its causes. */
function wordsOf(error: ErrorRecord): Set<string> {
  const words = new Set<string>()
  for (let at: ErrorRecord | undefined = error; at !== undefined; at = at.cause) {
    for (const word of splitWords(`${at.name} ${at.code ?? ''} ${at.message.slice(0, 2048)}`)) words.add(word)
  }
  return words
}

function splitWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? []
}

function scoreLine(line: string, words: ReadonlySet<string>): number {
  const level = Number(/"level":(\d+)/.exec(line)?.[1] ?? 0)
  const shared = new Set(splitWords(line).filter((word) => words.has(word))).size
  return (level >= 50 ? 3 : level >= 40 ? 2 : 0) + Math.min(shared, 3)
}

/**
 * The lines that tell most about an error, in their order: warnings, errors and lines that share words with it first,
 * the newest of equals first, filled up with the newest others.
 */
export function relevantLines(lines: readonly string[], error: ErrorRecord, n: number = limits.taskLogLines): string[] {
  const words = wordsOf(error)
  return lines
    .map((line, index) => ({ line, index, score: scoreLine(line, words) }))
    .sort((a, b) => b.score - a.score || b.index - a.index)
    .slice(0, n)
    .sort((a, b) => a.index - b.index)
    .map(({ line }) => line)
}

/**
 * The last lines that each kernel logged, kept in memory as finished NDJSON in pino's shape, so that kernel.log is a
 * copy and no work. Lines are redacted and escaped when they are added: whoever reads them later reads safe text.
 */
import type { LogLine } from '../actor/protocol.ts'
import type { ErrorRecord } from '../base/error-record.ts'
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

interface Ring {
  readonly lines: string[]
  /** Where the next line goes once the ring is full: also the oldest line. */
  next: number
}

export class LogRing {
  readonly #rings = new Map<string, Ring>()

  /** Returns the finished line. */
  add(kernel: string, line: LogLine): string {
    const text = formatLine(kernel, line)
    let ring = this.#rings.get(kernel)
    if (ring === undefined) {
      ring = { lines: [], next: 0 }
      this.#rings.set(kernel, ring)
    }
    ring.lines[ring.next] = text
    ring.next = (ring.next + 1) % limits.logRingLines
    return text
  }

  /** The last `n` lines of a kernel, oldest first; none for a kernel that never logged. */
  last(kernel: string, n: number = limits.kernelLogLines): string[] {
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

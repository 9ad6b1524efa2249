/**
 * The logs of one kernel or of all, as they come, with what came last before that: for whoever looks on, over the control
 * socket or on a page. Lines are finished text from the ring. A level is a lowest one.
 */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { LogRing } from '../diagnostics/log-ring.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
/** pino's numbers. */
const numbers: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 }

export interface LogTailOptions {
  /** Default: all of them. */
  readonly kernel?: string | undefined
  /** Lines of this level and above. Default `debug`: every line. */
  readonly level?: LogLevel | undefined
  /** Lines that were logged before, in the order of their times; at most limits.logRingLines. Default 0. */
  readonly from?: number | undefined
}

/** @throws LazaretError OPTION_INVALID; the kernel is looked up by whoever knows the fleet. */
export function logTailOptions(given: Readonly<Record<string, unknown>>): LogTailOptions {
  const { kernel, level, from } = given
  if (kernel !== undefined && typeof kernel !== 'string') throw invalid('kernel must be the id of one', kernel)
  const known = logLevels.find((name) => name === level)
  if (level !== undefined && known === undefined) throw invalid(`level must be one of ${logLevels.join(', ')}`, level)
  const isCount = typeof from === 'number' && Number.isSafeInteger(from) && from >= 0 && from <= limits.logRingLines
  if (from !== undefined && !isCount)
    throw invalid(`from must be a whole number from 0 to ${limits.logRingLines}`, from)
  return { kernel, level: known, from: isCount ? from : undefined }
}

function invalid(text: string, got: unknown): LazaretError {
  return new LazaretError('OPTION_INVALID', `${text}. Got: ${JSON.stringify(got) ?? 'undefined'}.`)
}

/** The last lines of these kernels, oldest first; the newest of them, where they are too many characters. */
export function lastLines(
  logs: LogRing,
  kernels: Iterable<string>,
  lines: number,
  level: LogLevel = 'debug',
): string[] {
  if (lines <= 0) return []
  const least = numbers[level]
  const found = [...kernels].flatMap((kernel) => {
    const kept = logs.lastKept(kernel, limits.logRingLines).filter((line) => line.level >= least)
    // A kernel's own lines stay in the order in which they came, whatever their clocks say: the sort is stable.
    let time = 0
    return kept.slice(-lines).map((line) => {
      time = Math.max(time, line.time)
      return { text: line.text, time }
    })
  })
  const texts = found.toSorted((a, b) => a.time - b.time).map(({ text }) => text)
  return newestWithin(texts.slice(-lines), limits.logBacklogChars)
}

function newestWithin(texts: readonly string[], chars: number): string[] {
  let [first, left] = [texts.length, chars]
  for (; first > 0; first -= 1) {
    left -= texts[first - 1]?.length ?? 0
    if (left < 0) break
  }
  return texts.slice(first)
}

/**
 * @param kernels of the fleet. @param onLine gets a line as JSON text; it must not throw.
 * Returns the function that ends it. @throws LazaretError COMMAND_REFUSED where too many follow.
 */
export function tailLogs(
  logs: LogRing,
  kernels: Iterable<string>,
  { kernel, level = 'debug', from = 0 }: LogTailOptions,
  onLine: (text: string) => void,
): () => void {
  const least = numbers[level]
  const off = logs.follow((of, lineLevel, text) => {
    if ((kernel === undefined || of === kernel) && lineLevel >= least) onLine(text)
  })
  // All in one turn: no line comes in between.
  for (const text of lastLines(logs, kernel === undefined ? kernels : [kernel], from, level)) onLine(text)
  return off
}

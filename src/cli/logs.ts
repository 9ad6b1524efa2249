/**
 * `lazaret logs [id]`: the last lines that a kernel logged, or all of them, and with -f those that come. They live in the
 * runtime's memory, so it has to run.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { escapeUnsafe } from '../base/redact.ts'
import { type LogLevel, logLevels } from '../supervisor/log-tail.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { type Link, readEither, withRuntime } from './connection.ts'
import { untilInterrupted } from './interrupt.ts'
import { type LogEntry, logLine } from './log-line.ts'
import { count } from './terminal.ts'

interface LogsOptions extends CommonOptions {
  readonly lines?: number
  readonly follow?: true
  readonly level: LogLevel
  readonly grep?: string
}

const example = `lazaret logs memory_fusion -n 20
lazaret logs -f --level warn
lazaret logs memory_fusion -f --grep "slow query"`

/** Shown first by -f, unless -n says otherwise: what fits a terminal. */
const followedLines = 10

export function logsCommand(): Command {
  return newCommand('logs', 'show the last lines that kernels logged, and follow them', example)
    .argument('[id]', 'the kernel; default: all of them')
    .option('-f, --follow', 'go on with each line that is logged, until Ctrl-C')
    .option(
      '-n, --lines <count>',
      `how many, ${limits.logRingLines} at most (default: ${limits.kernelLogLines}, with -f ${followedLines})`,
      lineCount,
    )
    .addOption(new Option('--level <level>', 'lines of this level and above').choices(logLevels).default('debug'))
    .option('--grep <text>', 'only lines with this text in them; upper and lower case are the same')
    .action((kernel: string | undefined, options: LogsOptions) =>
      options.follow === true ? follow(kernel, options) : logs(kernel, options),
    )
}

function lineCount(text: string): number {
  const n = Number(text)
  if (Number.isInteger(n) && n >= 0 && n <= limits.logRingLines) return n
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${limits.logRingLines}. Got: ${text}.`)
}

/** The text is looked for in what is shown: the message and the facts. */
function matcher(grep: string | undefined): (line: string) => boolean {
  if (grep === undefined) return () => true
  const text = grep.toLowerCase()
  return (line) => line.toLowerCase().includes(text)
}

async function logs(kernel: string | undefined, options: LogsOptions): Promise<void> {
  const { dataDir, json, level, grep, lines = limits.kernelLogLines } = options
  // Of all that is there, the last ones with the text in them.
  const params = { kernel, level, lines: grep === undefined ? lines : limits.logRingLines }
  const { found } = await readEither(
    dataDir,
    (link) => link.ask<string[]>('logs', params),
    (journal): string[] => {
      const folder = kernel === undefined ? undefined : journal.incidents({ kernel, limit: 1 })[0]?.folder
      throw new LazaretError('CONTROL_FAILED', `No runtime works in ${dataDir}, and logs live in its memory.`, {
        hint:
          folder === undefined
            ? 'Start one: lazaret run'
            : `The lines before its last failure stand in ${folder}/kernel.log`,
      })
    },
  )
  const matching = lines === 0 ? [] : found.filter(matcher(grep)).slice(-lines)
  const parsed = matching.map((line) => JSON.parse(line) as LogEntry)
  if (json) printJson(parsed)
  else if (found.length === 0) print(nothingYet(kernel, level))
  else if (parsed.length === 0) print(`None of the last ${count(found.length, 'line')} has that text.`)
  else print(...parsed.map((entry) => logLine(entry, kernel === undefined ? widthOf(parsed) : 0)))
}

function nothingYet(kernel: string | undefined, level: LogLevel): string {
  const what = level === 'debug' ? 'nothing' : `nothing of level ${level} or above`
  return `${kernel ?? 'No kernel'} has logged ${kernel === undefined ? what.replace('nothing', 'anything') : what} since the runtime was started.`
}

function widthOf(entries: readonly LogEntry[]): number {
  return Math.max(...entries.map((entry) => entry.kernel.length))
}

async function follow(kernel: string | undefined, options: LogsOptions): Promise<void> {
  using interruption = untilInterrupted()
  const { signal } = interruption
  const how = await withRuntime(options.dataDir, (link) => followOver(link, kernel, options, signal))
  if (how === 'cancelled') return
  throw new LazaretError('CONTROL_FAILED', 'The runtime has gone away, or has cut off a reader that was too slow.', {
    hint: 'See whether it still runs: lazaret status',
  })
}

async function followOver(link: Link, kernel: string | undefined, options: LogsOptions, signal: AbortSignal) {
  const { json, level, grep, lines = followedLines } = options
  const matches = matcher(grep)
  const kernels = kernel === undefined ? await link.ask<KernelStatus[]>('status') : []
  const idWidth = Math.max(0, ...kernels.map(({ id }) => id.length))
  const show = (text: string) => {
    if (!matches(text)) return
    if (json) print(escapeUnsafe(text))
    else print(logLine(JSON.parse(text) as LogEntry, idWidth))
  }
  const stream = link.stream<string>('logLines', { kernel, level, from: lines }, show)
  const { promise: interrupted, resolve } = Promise.withResolvers<'cancelled'>()
  const end = () => resolve('cancelled')
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  return await Promise.race([stream.ended, interrupted])
}

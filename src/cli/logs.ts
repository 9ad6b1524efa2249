/** `lazaret logs <id>`: the last lines that a kernel logged. They live in the runtime's memory, so it has to run. */
import { type Command, InvalidArgumentError } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { safeLine } from '../base/redact.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither } from './connection.ts'
import { type Style, styled, timeOfDay } from './terminal.ts'

export function logsCommand(): Command {
  return newCommand('logs', 'show the last lines that a kernel logged', 'lazaret logs memory_fusion -n 20')
    .argument('<id>', 'the kernel')
    .option('-n, --lines <count>', `how many, ${limits.logRingLines} at most`, lineCount, limits.kernelLogLines)
    .action(logs)
}

function lineCount(text: string): number {
  const n = Number(text)
  if (Number.isInteger(n) && n >= 1 && n <= limits.logRingLines) return n
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${limits.logRingLines}. Got: ${text}.`)
}

async function logs(kernel: string, { dataDir, json, lines }: CommonOptions & { lines: number }): Promise<void> {
  const { found } = await readEither(
    dataDir,
    (link) => link.ask<string[]>('logs', { kernel, lines }),
    (journal): string[] => {
      const folder = journal.incidents({ kernel, limit: 1 })[0]?.folder
      throw new LazaretError('CONTROL_FAILED', `No runtime works in ${dataDir}, and logs live in its memory.`, {
        hint:
          folder === undefined
            ? 'Start one: lazaret run'
            : `The lines before its last failure stand in ${folder}/kernel.log`,
      })
    },
  )
  const parsed = found.map((line) => JSON.parse(line) as LogEntry)
  if (json) printJson(parsed)
  else if (parsed.length === 0) print(`${kernel} has logged nothing since the runtime was started.`)
  else print(...parsed.map(readable))
}

interface LogEntry {
  readonly level: number
  readonly time: number
  readonly msg: string
  readonly [fact: string]: unknown
}

const levels: Readonly<Record<number, readonly [string, Style]>> = {
  ...{ 10: ['trace', 'dim'], 20: ['debug', 'dim'], 30: ['info', 'cyan'] },
  ...{ 40: ['warn', 'yellow'], 50: ['error', 'red'], 60: ['fatal', ['bold', 'red']] },
}

/** Redacted when it was logged; what JSON escaped is raw again, so it is made safe for a terminal here. */
function readable({ level, time, msg, kernel: _kernel, ...facts }: LogEntry): string {
  const [word, style] = levels[level] ?? [String(level), 'dim']
  const rest = Object.keys(facts).length === 0 ? '' : `  ${styled('dim', safeLine(JSON.stringify(facts)))}`
  return `${styled('dim', timeOfDay(time))}  ${styled(style, word.padEnd(5))}  ${safeLine(msg)}${rest}`
}

/**
 * What all commands share: the options, the exit code (0: done, 1: it failed, 2: the input was wrong), and the last
 * words of a failure, which say what to do next.
 */
import { Command } from 'commander'
import { toRecord } from '../base/error-record.ts'
import { type ErrorCode, LazaretError } from '../base/errors.ts'
import { escapeUnsafe, redactText, safeLine } from '../base/redact.ts'
import { styled } from './terminal.ts'

export interface CommonOptions {
  readonly dataDir: string
  readonly json?: true
}

/** @param example shown at the end of --help: a line or more, each a command that works as written. */
export function newCommand(name: string, summary: string, example: string): Command {
  return new Command(name)
    .description(summary)
    .option('--data-dir <folder>', 'where the runtime keeps its journal and its control socket', '.lazaret')
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', `\nExample:\n${example.replaceAll(/^/gm, '  ')}`)
}

const inputWasWrong: ReadonlySet<ErrorCode> = new Set([
  ...([
    'FLEET_INVALID',
    'OPTION_INVALID',
    'PLAYBOOK_INVALID',
    'UNKNOWN_KERNEL',
    'NOT_FOUND',
    'EVIDENCE_CORRUPT',
    'MACHINE_INVALID',
  ] as const),
])

export function exitCodeOf(thrown: unknown): 1 | 2 {
  return thrown instanceof LazaretError && inputWasWrong.has(thrown.code) ? 2 : 1
}

const nextSteps: Partial<Record<ErrorCode, string>> = {
  UNKNOWN_KERNEL: 'See which kernels there are: lazaret status',
  NOT_FOUND: 'See what there is: lazaret incidents, lazaret tasks',
  OPTION_INVALID: 'See: lazaret --help',
}

/** Says on stderr what failed and what to do next, and returns the exit code. */
export function reportFailure(thrown: unknown, json: boolean): 1 | 2 {
  const exitCode = exitCodeOf(thrown)
  const { stack: _stack, cause: _cause, foreign: _foreign, ...error } = toRecord(thrown)
  if (!(thrown instanceof LazaretError)) {
    // Not one of ours: a defect of this program, so the stack is what somebody needs.
    process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
    process.stderr.write('This is a defect of lazaret itself. Please report it with the lines above.\n')
    return exitCode
  }
  const hint = thrown.hint ?? nextSteps[thrown.code] ?? 'See whether this machine is in order: lazaret doctor'
  // What a fleet or a playbook file is told is one paragraph that ends with what to do.
  const isParagraph = thrown.code === 'FLEET_INVALID' || thrown.code === 'PLAYBOOK_INVALID'
  if (json) {
    process.stderr.write(`${JSON.stringify({ error: isParagraph ? error : { ...error, hint } })}\n`)
  } else if (isParagraph) {
    process.stderr.write(`${thrown.message}\n`)
  } else {
    const label = styled('red', 'error:', process.stderr)
    process.stderr.write(`${label} ${safeLine(redactText(thrown.message))}\n${hint}\n`)
  }
  return exitCode
}

/** Characters that would draw on a terminal are escaped; read back they are what they were. */
export function printJson(value: unknown): void {
  print(...JSON.stringify(value, null, 2).split('\n').map(escapeUnsafe))
}

export function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}

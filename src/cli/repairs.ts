/** `lazaret repairs on|off|status`: one switch for all repairs of a runtime. */
import { Argument, type Command } from 'commander'
import { safeLine } from '../base/redact.ts'
import type { JournalReader } from '../journal/reader.ts'
import { type RepairsState, repairsStateIn } from '../supervisor/repair-switch.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither, withRuntime } from './connection.ts'
import { ago, styled } from './terminal.ts'

interface RepairsOptions extends CommonOptions {
  readonly why?: string
}

export function repairsCommand(): Command {
  const example = 'lazaret repairs\nlazaret repairs off --why "deployment until 18:00"\nlazaret repairs on'
  return newCommand('repairs', 'switch all repairs off and on, or show how they are', example)
    .addArgument(new Argument('[word]', 'what to do').choices(['on', 'off', 'status']).default('status'))
    .option('--why <text>', 'your reason, for whoever looks at it later')
    .action((word: 'on' | 'off' | 'status', options: RepairsOptions) => repairs(word, options))
}

async function repairs(word: 'on' | 'off' | 'status', { dataDir, json, why }: RepairsOptions): Promise<void> {
  const state =
    word === 'status'
      ? await repairsOf(dataDir)
      : await withRuntime(dataDir, (link) =>
          link.ask<RepairsState>('repairs', { on: word === 'on', ...(why !== undefined && { why }) }),
        )
  if (json) printJson(state)
  else print(repairsText(state, Date.now()))
}

/** Of the runtime, or as its journal remembers. */
export async function repairsOf(dataDir: string): Promise<RepairsState> {
  const { found } = await readEither<RepairsState>(dataDir, (link) => link.ask('repairs'), repairsIn)
  return found
}

export function repairsIn(journal: JournalReader): RepairsState {
  return repairsStateIn(journal.setting('repairs'))
}

export function repairsText({ on, why, at }: RepairsState, nowMs: number): string {
  const because = why === undefined ? '' : ` (${safeLine(why)})`
  const since = at === undefined ? '' : ` since ${new Date(at).toISOString()}, ${ago(at, nowMs)}`
  if (on) return `Repairs are ${styled('green', 'on')}${since}${because}.`
  return `Repairs are ${styled('red', 'off')}${since}${because}. On again: lazaret repairs on`
}

/** `lazaret letters`: messages that were not handled, and why; one in full; and sending them again. */
import { type Command, InvalidArgumentError } from 'commander'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { safeLine } from '../base/redact.ts'
import type { DeadLetterFilter } from '../journal/rows.ts'
import { type ShownDeadLetter, showDeadLetter } from '../supervisor/dead-letters.ts'
import type { DeadLettersReplayed } from '../supervisor/replay.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither } from './connection.ts'
import { withProgress } from './progress.ts'
import { ago, type Cell, count, styled, table } from './terminal.ts'

interface FilterOptions extends CommonOptions {
  readonly kernel?: string
  readonly from?: string
  readonly method?: string
  readonly code?: string
  readonly text?: string
  readonly since?: number
  readonly until?: number
}

interface ListOptions extends FilterOptions {
  readonly before?: number
  readonly limit: number
  readonly unsent?: true
}

interface ReplayCommandOptions extends FilterOptions {
  readonly max?: number
  readonly again?: true
}

const listExample = `lazaret letters --kernel memory_fusion --since 2h
lazaret letters --code MAILBOX_FULL --limit 50
lazaret letters show 118
lazaret letters replay --kernel memory_fusion --max 20`

const replayExample = `lazaret letters replay 118 119
lazaret letters replay --kernel memory_fusion --code KERNEL_UNAVAILABLE --max 20`

const aboutReplay = `Sends dead letters to their kernels again as they were, the oldest first, one after the other: the
next when its kernel has finished the one before. Each is marked, and not sent a second time unless --again says so. One
whose arguments were not kept whole (over ${limits.deadLetterBytes} bytes) is skipped, one that is parked because it crashes its kernel
stays refused, and a kernel that goes down gets no more of them. Where a standby, a fallback or another kernel answers for
one that is out of service, that one gets them; where nobody does, nothing is sent.

Exit code: 0 all were handled, 1 some were skipped or failed, 2 the input was wrong.
`

export function lettersCommand(): Command {
  const command = withFilter(
    newCommand('letters', 'list messages that were not handled, and send them again', listExample),
  )
    .option('--unsent', 'only those that have not been sent again')
    .option('--before <id>', 'older than this one: the next page', whole(Number.MAX_SAFE_INTEGER))
    .option('--limit <count>', `how many, ${limits.deadLettersShown} at most`, whole(limits.deadLettersShown), 30)
    // So that an option after the name of a subcommand is the subcommand's.
    .enablePositionalOptions()
    .action(list)
  const subs = [
    newCommand('show', 'one in full, with its arguments', 'lazaret letters show 118')
      .argument('<id>', 'its number', whole(Number.MAX_SAFE_INTEGER))
      .action(show),
    withFilter(newCommand('replay', 'send them to their kernels again', replayExample))
      .addHelpText('before', aboutReplay)
      .argument('[ids...]', 'their numbers; default: the oldest that match', ids)
      .option(
        '--max <count>',
        `how many, ${limits.deadLetterReplayMax} at most (default: ${limits.deadLetterReplay})`,
        whole(limits.deadLetterReplayMax),
      )
      .option('--again', 'those too that have been sent again before')
      .action(replay),
  ]
  for (const sub of subs) {
    command.addCommand(sub.exitOverride().showHelpAfterError(`See: lazaret letters ${sub.name()} --help`))
  }
  return command
}

function withFilter(command: Command): Command {
  return command
    .option('--kernel <id>', 'sent to this kernel')
    .option('--from <id>', 'sent by this kernel; host: by the host program')
    .option('--method <name>', 'of this method')
    .option('--code <code>', 'with this error, such as MAILBOX_FULL')
    .option('--text <text>', 'with this text in the reason')
    .option('--since <time>', 'not older: 30m, 2h, 3d, or a time such as 2026-11-24T04:15', timeIn)
    .option('--until <time>', 'not newer', timeIn)
}

function whole(max: number): (text: string) => number {
  return (text) => {
    const n = Number(text)
    if (/^\d+$/.test(text) && n >= 1 && n <= max) return n
    const range = max === Number.MAX_SAFE_INTEGER ? 'above 0' : `from 1 to ${max}`
    throw new InvalidArgumentError(`It must be a whole number ${range}. Got: ${text}.`)
  }
}

const isId = whole(Number.MAX_SAFE_INTEGER)

function ids(text: string, earlier: readonly number[] | undefined): number[] {
  return [...(earlier ?? []), isId(text)]
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Epoch milliseconds. */
function timeIn(text: string): number {
  const [, n, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (n !== undefined) return Date.now() - Number(n) * unitMs[unit as keyof typeof unitMs]
  const at = Date.parse(text)
  if (!Number.isNaN(at)) return at
  throw new InvalidArgumentError(`It must be 30m, 2h, 3d, or a time such as 2026-11-24T04:15. Got: ${text}.`)
}

/** What is left out stays out of the request. */
function filterOf({ kernel, from, method, code, text, since, until }: FilterOptions): DeadLetterFilter {
  return { kernel, from, method, code: code?.toUpperCase(), text, since, until }
}

async function list(options: ListOptions): Promise<void> {
  const { dataDir, json, before, limit, unsent } = options
  const filter: DeadLetterFilter = { ...filterOf(options), ...(unsent && { replayed: false }) }
  const { found } = await readEither(
    dataDir,
    async (link) => ({
      letters: await link.ask<ShownDeadLetter[]>('deadLetters', { ...filter, before, limit }),
      all: await link.ask<number>('deadLetterCount', { ...filter, before }),
    }),
    (journal) => ({
      letters: journal.deadLetters({ ...filter, before, limit }).map(showDeadLetter),
      all: journal.deadLetterCount({ ...filter, before }),
    }),
  )
  const { letters, all } = found
  if (json) printJson(letters)
  else if (letters.length === 0) print('No dead letter that matches: every message was handled, or has been forgotten.')
  else showList(letters, all, Date.now())
}

function showList(letters: readonly ShownDeadLetter[], all: number, nowMs: number): void {
  const columns = [
    ...[{ title: 'LETTER', right: true } as const, { title: 'KERNEL' }, { title: 'METHOD' }],
    ...[{ title: 'FROM', spare: 2 }, { title: 'WHEN', spare: 3 }, { title: 'SENT AGAIN', spare: 1 }, { title: 'WHY' }],
  ]
  const rows = letters.map((letter): Cell[] => [
    ...[String(letter.id), letter.kernel, `${letter.method}()`, letter.from, ago(letter.at, nowMs)],
    ...[sentCell(letter), `${letter.code}: ${letter.reason}`],
  ])
  print(table(columns, rows))
  const last = letters.at(-1)
  print('', 'One with its arguments: lazaret letters show <letter>. To send it again: lazaret letters replay <letter>')
  if (last !== undefined && all > letters.length) {
    print(`${all - letters.length} more, older ones: lazaret letters --before ${last.id}, with the same filter`)
  }
}

function sentCell({ replayedAt, outcome = '', notReplayable }: ShownDeadLetter): Cell {
  if (replayedAt === undefined) return notReplayable === undefined ? '-' : { text: 'cannot be', style: 'dim' }
  const isGood = outcome === 'handled' || outcome.startsWith('replied')
  return { text: outcome.split(':', 1)[0] ?? '', style: isGood ? 'green' : 'yellow' }
}

async function show(id: number, { dataDir, json }: CommonOptions): Promise<void> {
  const { found } = await readEither(
    dataDir,
    (link) => link.ask<ShownDeadLetter[]>('deadLetters', { ids: [id] }),
    (journal) => journal.deadLetters({ ids: [id] }).map(showDeadLetter),
  )
  const [letter] = found
  if (letter === undefined) {
    throw new LazaretError('NOT_FOUND', `There is no dead letter ${id}.`, { hint: 'List them: lazaret letters' })
  }
  if (json) {
    printJson(letter)
    return
  }
  const { kernel, method, kind, from, at, code, reason, shownArgs, notReplayable, replayedAt, outcome } = letter
  const lines: [string, string | undefined][] = [
    ['to', `${kernel}.${method}() (${kind})`],
    ['from', from],
    ['when', `${new Date(at).toISOString()}, ${ago(at, Date.now())}`],
    ['why', `${code}: ${reason}`],
    ['arguments', shownArgs ?? `not to be read: ${notReplayable ?? ''}`],
    ['sent again', replayedAt === undefined ? undefined : `${ago(replayedAt, Date.now())}: ${outcome ?? ''}`],
    ['can be sent', notReplayable === undefined ? undefined : `no: ${notReplayable}`],
  ]
  print(styled('bold', `dead letter ${id}`))
  for (const [name, value] of lines) {
    if (value !== undefined) print(`  ${styled('dim', name.padEnd(11))}  ${safeLine(value)}`)
  }
}

async function replay(given: readonly number[], options: ReplayCommandOptions): Promise<void> {
  const { json, max, again } = options
  const params = { ...filterOf(options), ...(given.length > 0 && { ids: given }), max, again }
  const isAbout = ({ type }: { readonly type: string }) => type === 'deadLetters.progressed'
  const done = await withProgress(options, 'sending dead letters', isAbout, (link) =>
    link.ask<DeadLettersReplayed>('replayDeadLetters', params),
  )
  if (json) printJson(done)
  else showReplayed(done)
  if (done.failed > 0 || done.skipped.length > 0) process.exitCode = 1
}

function showReplayed({ asked, sent, failed, skipped, failures, left, unsendable }: DeadLettersReplayed): void {
  const good = sent - failed
  const handled = styled(good > 0 ? 'green' : 'dim', `${good} handled`)
  if (asked === 0) print('No dead letter that matches, can be sent, and has not been sent again before.')
  else print(`${count(asked, 'letter')}: ${handled}, ${failed} failed, ${asked - sent} skipped.`)
  for (const { id, outcome } of failures) print(`  ${styled('red', 'failed')}   ${id}: ${safeLine(outcome)}`)
  for (const { reason, ids: of } of skipped) {
    const which = of.length > 5 ? count(of.length, 'letter') : of.join(', ')
    print(`  ${styled('yellow', 'skipped')}  ${which}: ${safeLine(reason)}`)
  }
  if (left > 0) print(`${left} more match: run it again to send the next ones.`)
  if (unsendable > 0) {
    print(
      `${unsendable} cannot be sent: their arguments were not kept whole, or the fleet has no such kernel any more.`,
    )
  }
}

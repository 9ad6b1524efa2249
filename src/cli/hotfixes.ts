/**
 * `lazaret hotfixes`: the repairs that are in force, and those that were; one of them with its proof; all of them as a
 * diff. `apply` writes one into the source files, `revert` takes it back.
 */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { LazaretError } from '../base/errors.ts'
import type { LazaretEvent } from '../base/events.ts'
import { escapeUnsafe, safeLine } from '../base/redact.ts'
import type { AttemptRow, HotfixRow, IncidentRow } from '../journal/rows.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import type { TakenOver } from '../supervisor/taking-over.ts'
import { showVerdict } from './attempt-text.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { type Link, readEither, withRuntime } from './connection.ts'
import { inForce, patchOf } from './hotfix-patch.ts'
import { failUnlessServing, showAfter } from './kernel-command.ts'
import { withProgress } from './progress.ts'
import { ago, type Cell, pathFromHere, type Style, styled, table } from './terminal.ts'

interface ListOptions extends CommonOptions {
  readonly format: 'table' | 'patch'
}

const examples = `lazaret hotfixes
lazaret hotfixes fix_019ab3f0-...
lazaret hotfixes --format patch | git apply
lazaret hotfixes apply fix_019ab3f0-...`

export function hotfixesCommand(): Command {
  const command = newCommand('hotfixes', 'list the repairs in force, show one, or print them as a diff', examples)
    .argument('[id]', 'a hotfix')
    .addOption(
      new Option('--format <format>', 'patch: a diff of what is in force, for git apply at the root of the repository')
        .choices(['table', 'patch'])
        .default('table'),
    )
    // So that --json after a word below is that word's own.
    .enablePositionalOptions()
    .action((id: string | undefined, options: ListOptions) => hotfixes(id, options))
  const words = [
    newCommand('apply', 'write a hotfix into the source files that it mends', 'lazaret hotfixes apply fix_019ab3f0-...')
      .argument('<id>', 'a steady hotfix')
      .action((id: string, options: CommonOptions) => apply(id, options)),
    newCommand('revert', 'take a hotfix back: its kernel starts anew without it', 'lazaret hotfixes revert fix_019a...')
      .argument('<id>', 'a steady hotfix')
      .action((id: string, options: CommonOptions) => revert(id, options)),
  ]
  for (const word of words) {
    command.addCommand(word)
    word.exitOverride().showHelpAfterError(`See: lazaret hotfixes ${word.name()} --help`)
  }
  return command
}

async function hotfixes(id: string | undefined, options: ListOptions): Promise<void> {
  const { dataDir, json, format } = options
  const { found: rows } = await readEither<HotfixRow[]>(
    dataDir,
    (link) => link.ask('hotfixes'),
    (journal) => journal.hotfixes(),
  )
  const one = id === undefined ? undefined : rows.find((row) => row.id === id)
  if (id !== undefined && one === undefined) {
    throw new LazaretError('NOT_FOUND', `There is no hotfix ${JSON.stringify(id)}.`, {
      hint: 'List them: lazaret hotfixes',
    })
  }
  if (format === 'patch') await showPatch(one === undefined ? inForce(rows) : [one], options)
  else if (one !== undefined) await showOne(one, options)
  else if (json) printJson(rows.map(asJson))
  else if (rows.length === 0) print('No hotfix: no repair has been applied yet.')
  else showList(rows, Date.now())
}

function filesOf({ steps }: HotfixRow): string[] {
  return steps.flatMap((step) => (step.do === 'apply_patch' ? [step.file] : []))
}

/** What it changes: files, or the steps that change none. */
function changesOf(row: HotfixRow): string {
  const others = row.steps.filter((step) => step.do !== 'apply_patch').map((step) => step.do)
  return [...filesOf(row), ...others].join(', ')
}

function asJson(row: HotfixRow): Record<string, unknown> {
  return { ...row, files: filesOf(row) }
}

const styles: Readonly<Record<HotfixRow['status'], Style>> = {
  ...{ steady: 'green', written: 'green', probation: 'yellow', writing: 'yellow' },
  ...{ rolledBack: 'dim', dropped: 'dim' },
}

function showList(rows: readonly HotfixRow[], nowMs: number): void {
  const columns = [
    ...[{ title: 'HOTFIX' }, { title: 'KERNEL' }, { title: 'STATUS' }, { title: 'AGENT', spare: 2 }],
    ...[{ title: 'HEALED BY', spare: 3 }, { title: 'APPLIED', spare: 1 }, { title: 'CHANGES' }],
  ]
  const cells = rows.map((row): Cell[] => [
    ...[row.id, row.kernel, { text: row.status, style: styles[row.status] }],
    ...[row.agent, row.healedBy, ago(row.at, nowMs), changesOf(row)],
  ])
  print(table(columns, cells))
  const [steady] = inForce(rows).filter((row) => filesOf(row).length > 0)
  if (steady === undefined) return
  print('', 'What is steady is not in your files yet. As a diff: lazaret hotfixes --format patch')
  print(`To write it there: lazaret hotfixes apply ${steady.id}, to take it back: lazaret hotfixes revert ${steady.id}`)
}

async function showOne(row: HotfixRow, { dataDir, json }: CommonOptions): Promise<void> {
  const { found: attempts } = await readEither<readonly AttemptRow[]>(
    dataDir,
    async (link) =>
      (await link.ask<IncidentRow & { attempts: AttemptRow[] }>('incident', { incident: row.incident })).attempts,
    (journal) => journal.attempts(row.incident),
  )
  const steps = JSON.stringify(row.steps)
  const proved = attempts.findLast(
    ({ outcome, ...each }) => outcome === 'verified' && JSON.stringify(each.steps) === steps,
  )
  const { verdict } = proved ?? {}
  if (json) {
    printJson({ ...asJson(row), ...(verdict && { verdict }) })
    return
  }
  const lines: [string, string][] = [
    ['kernel', row.kernel],
    ['status', styled(styles[row.status], row.status)],
    ['applied', `${new Date(row.at).toISOString()}, ${ago(row.at, Date.now())}`],
    ['agent', row.agent],
    ['healed by', row.healedBy],
    ['why', safeLine(row.why)],
    ['changes', safeLine(changesOf(row))],
    ['incident', row.incident],
    ['file', pathFromHere(row.file)],
  ]
  print(styled('bold', row.id))
  for (const [name, value] of lines) print(`  ${styled('dim', name.padEnd(11))}  ${value}`)
  if (verdict === undefined) print('  It was applied without a proof, as a restore at tier 1 is.')
  else showVerdict(verdict, '    ')
}

/** As it is, so that git takes it; on a terminal nothing in it moves the cursor. What is left out is said on stderr. */
async function showPatch(rows: readonly HotfixRow[], { dataDir, json }: CommonOptions): Promise<void> {
  const made = await patchOf(resolve(dataDir), rows)
  if (json) {
    printJson(made)
    return
  }
  for (const sentence of made.left) process.stderr.write(`${safeLine(sentence)}\n`)
  if (made.patch === '') process.stderr.write('No hotfix in force changes a source file, so there is no diff.\n')
  else if (process.stdout.isTTY) print(...made.patch.trimEnd().split('\n').map(escapeUnsafe))
  else process.stdout.write(made.patch)
}

async function apply(hotfix: string, { dataDir, json }: CommonOptions): Promise<void> {
  const done = await withRuntime(dataDir, (link) => link.ask<TakenOver>('applyHotfix', { hotfix }))
  if (json) printJson(done)
  else {
    for (const file of done.written) print(`${styled('green', 'written')}  ${safeLine(pathFromHere(file))}`)
    for (const { file, why } of done.left) print(`${styled('red', 'left')}     ${safeLine(pathFromHere(file))}: ${why}`)
    if (done.left.length > 0) print('All of its files are written, or none: it stays an overlay.')
  }
  if (done.left.length > 0) process.exitCode = 1
}

async function revert(hotfix: string, options: CommonOptions): Promise<void> {
  const about = (event: LazaretEvent) => event.hotfix === hotfix
  const ask = (link: Link) => link.ask<KernelStatus>('revertHotfix', { hotfix })
  const after = await withProgress(options, `reverting ${hotfix}`, about, ask)
  if (options.json) printJson(after)
  else showAfter(after)
  failUnlessServing(after)
}

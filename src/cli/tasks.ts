/** `lazaret tasks`, `approve`, `reject`: what waits for a coding agent or a person, and a person's word on it. */
import { type Command, Option } from 'commander'
import type { LazaretEvent } from '../base/events.ts'
import { type ApplyTo, applyTargets } from '../base/remedy.ts'
import type { TaskRow } from '../journal/rows.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither, withRuntime } from './connection.ts'
import { failUnlessServing, showAfter } from './kernel-command.ts'
import { withProgress } from './progress.ts'
import { ago, type Cell, duration, table, terminalWidth } from './terminal.ts'

export function taskCommands(): Command[] {
  return [
    newCommand('tasks', 'list what waits for a coding agent or a person', 'lazaret tasks\nlazaret tasks --all')
      .option('--all', 'closed tasks too, the newest first')
      .action(tasks),
    newCommand('approve', 'apply the proved repair that a task proposes', 'lazaret approve task_019ab3f0-...')
      .argument('<task>', 'its id')
      .addOption(
        new Option(
          '--apply <target>',
          'hotfix: it stays an overlay; source: it is written into your files once it is steady',
        ).choices(applyTargets),
      )
      .action((task: string, options: DecideOptions) => decide('approve', task, options)),
    newCommand('reject', 'close a task without applying anything', 'lazaret reject task_019ab3f0-...')
      .argument('<task>', 'its id')
      .action((task: string, options: CommonOptions) => decide('reject', task, options)),
  ]
}

async function tasks({ dataDir, json, all }: CommonOptions & { all?: true }): Promise<void> {
  const { found } = await readEither(
    dataDir,
    async (link) => [
      ...(await link.ask<TaskRow[]>('tasks', { status: 'open' })),
      ...(all ? await link.ask<TaskRow[]>('tasks', { status: 'closed' }) : []),
    ],
    (journal) => [
      ...journal.tasks({ status: 'open' }),
      ...(all ? journal.tasks({ status: 'closed', limit: 100 }) : []),
    ],
  )
  if (json) printJson(found)
  else if (found.length === 0) print(all ? 'No task.' : 'No open task. Closed ones: lazaret tasks --all')
  else showTasks(found, Date.now())
}

function showTasks(rows: readonly TaskRow[], nowMs: number): void {
  const columns = [
    ...[{ title: 'TASK' }, { title: 'KERNEL' }, { title: 'STATUS', spare: 2 }, { title: 'CREATED', spare: 3 }],
    ...[{ title: 'PROPOSES' }, { title: 'EXPIRES', spare: 1 }, { title: 'ERROR' }],
  ]
  const cells = rows.map((row): Cell[] => [
    ...[row.id, row.kernel, { text: row.status, style: row.status === 'open' ? 'yellow' : 'dim' } as const],
    ...[ago(row.createdAt, nowMs), row.remedy?.agent ?? '-', expiryOf(row, nowMs), row.outcome ?? row.error],
  ])
  print(table(columns, cells))
  const waiting = rows.find((row) => row.status === 'open' && row.remedy !== undefined)
  if (waiting !== undefined)
    print(
      '',
      `A proved repair waits for you. See it: lazaret incidents ${waiting.incident}`,
      `Then: lazaret approve ${waiting.id}, or: lazaret reject ${waiting.id}`,
    )
  const open = rows.find((row) => row.status === 'open')
  if (waiting === undefined && open !== undefined)
    print('', `To see one, and to mend it by hand: lazaret task ${open.id}`)
}

/** Of the proved repair that waits, or that waited too long. */
function expiryOf({ status, remedy, expiresAt }: TaskRow, nowMs: number): string {
  if (status === 'closed' || expiresAt === undefined) return '-'
  return remedy === undefined || expiresAt <= nowMs ? 'expired' : `in ${duration(expiresAt - nowMs)}`
}

interface DecideOptions extends CommonOptions {
  readonly apply?: ApplyTo
}

async function decide(op: 'approve' | 'reject', task: string, options: DecideOptions): Promise<void> {
  const { dataDir, json, apply } = options
  const params = { task, ...(apply && { apply }) }
  const kernel = op === 'approve' ? await kernelOfTask(task, dataDir) : undefined
  const about = (event: LazaretEvent) => kernel !== undefined && event.kernel === kernel
  const after = await withProgress(options, `${op} ${task}`, about, (link) => link.ask<KernelStatus>(op, params))
  if (json) printJson(after)
  else showAfter(after)
  if (op === 'approve') failUnlessServing(after)
}

/** Whose events tell how far it is. What is wrong with the id is told by the command itself. */
export async function kernelOfTask(task: string, dataDir: string): Promise<string | undefined> {
  if (terminalWidth(process.stderr) === undefined) return undefined
  const open = await withRuntime(dataDir, (link) => link.ask<TaskRow[]>('tasks', { status: 'open' }))
  return open.find(({ id }) => id === task)?.kernel
}

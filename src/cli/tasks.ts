/** `lazaret tasks`, `approve`, `reject`: what waits for a coding agent or a person, and a person's word on it. */
import type { Command } from 'commander'
import { limits } from '../base/limits.ts'
import type { TaskRow } from '../journal/rows.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither, withRuntime } from './connection.ts'
import { failUnlessServing, showAfter } from './kernel-command.ts'
import { ago, type Cell, table } from './terminal.ts'

export function taskCommands(): Command[] {
  return [
    newCommand('tasks', 'list what waits for a coding agent or a person', 'lazaret tasks\nlazaret tasks --all')
      .option('--all', 'closed tasks too, the newest first')
      .action(tasks),
    newCommand('approve', 'apply the proved repair that a task proposes', 'lazaret approve task_019ab3f0-...')
      .argument('<task>', 'its id')
      .action((task: string, options: CommonOptions) => decide('approve', task, options)),
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
    ...[{ title: 'PROPOSES' }, { title: 'ERROR' }],
  ]
  const cells = rows.map((row): Cell[] => [
    ...[row.id, row.kernel, { text: row.status, style: row.status === 'open' ? 'yellow' : 'dim' } as const],
    ...[ago(row.createdAt, nowMs), row.remedy?.agent ?? '-', row.outcome ?? row.error],
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

async function decide(op: 'approve' | 'reject', task: string, { dataDir, json }: CommonOptions): Promise<void> {
  const after = await withRuntime(dataDir, (link) => link.ask<KernelStatus>(op, { task }), limits.controlCommandMs)
  if (json) printJson(after)
  else showAfter(after)
  if (op === 'approve') failUnlessServing(after)
}

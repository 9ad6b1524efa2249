/**
 * `lazaret status`: where every kernel stands; after the runtime has ended, where its journal says that it stood. With
 * --watch, live.
 */
import type { Command } from 'commander'
import { redactText, safeLine } from '../base/redact.ts'
import type { KernelRow } from '../journal/rows.ts'
import type { RepairsState } from '../supervisor/repair-switch.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither } from './connection.ts'
import { repairsIn, repairsText } from './repairs.ts'
import { countCell, inService, statusColumns, statusRow } from './status-table.ts'
import { watchStatus } from './status-watch.ts'
import { ago, type Cell, count, stateCell, styled, table, whatNow } from './terminal.ts'

export function statusCommand(): Command {
  const example = 'lazaret status\nlazaret status --watch\nlazaret status --json'
  return newCommand('status', 'show where every kernel stands', example)
    .option('-w, --watch', 'stay and show it live, until Ctrl-C; a line a change where there is no terminal')
    .action((options: CommonOptions & { watch?: true }) => (options.watch ? watchStatus(options) : status(options)))
}

type Found = { readonly repairs: RepairsState } & ({ live: KernelStatus[] } | { left: KernelRow[] })

async function status({ dataDir, json }: CommonOptions): Promise<void> {
  const { running, found } = await readEither<Found>(
    dataDir,
    async (link) => ({ live: await link.ask<KernelStatus[]>('status'), repairs: await link.ask('repairs') }),
    (journal) => ({ left: journal.kernelRows(), repairs: repairsIn(journal) }),
  )
  const { repairs } = found
  if (json) {
    printJson({ running, dataDir, repairs, kernels: 'live' in found ? found.live : found.left.map(asJson) })
    return
  }
  if ('live' in found) showLive(found.live)
  else showLeft(found.left, dataDir, Date.now())
  if (!repairs.on) print(repairsText(repairs, Date.now()))
}

function showLive(kernels: readonly KernelStatus[]): void {
  print(table(statusColumns, kernels.map(statusRow)), '')
  print(inService(kernels))
  for (const { id, incident, why, state, hotfix, standbys, parkedPatterns = [] } of kernels) {
    if (standbys.ready < standbys.of) print(`${id} has ${standbys.ready} of ${count(standbys.of, 'standby')} ready.`)
    if (hotfix !== undefined) print(`${id} runs with ${hotfix}: what that mends is not mended in your files yet.`)
    for (const pattern of parkedPatterns) {
      print(
        `${id} refuses ${safeLine(redactText(pattern))}: it crashes the kernel. To let it in: lazaret restart ${id}`,
      )
    }
    if (why !== undefined) showParked(id, why)
    else if (incident !== undefined) print(`${id}: ${incident} is open, ${state}. See: lazaret incidents ${incident}`)
  }
  showFindings(kernels)
}

/** What concerns all of them is said once, without a name. */
function showFindings(kernels: readonly KernelStatus[]): void {
  const about = new Map<string, string[]>()
  for (const { id, findings = [] } of kernels)
    for (const text of findings) about.set(text, [...(about.get(text) ?? []), id])
  for (const [text, ids] of about) {
    const isAll = ids.length === kernels.length && kernels.length > 1
    print(styled('yellow', `${isAll ? '' : `${ids.join(', ')}: `}${safeLine(redactText(text))}`))
  }
}

function showParked(id: string, why: string): void {
  print(`${styled('red', `${id} is parked`)}: ${whatNow(id, why)}`)
}

function parkedWhy({ state, facts }: KernelRow): string | undefined {
  return state === 'quarantined.parked' && typeof facts.parkedWhy === 'string' ? facts.parkedWhy : undefined
}

function asJson(row: KernelRow): Record<string, unknown> {
  const { id, state, failures, attempts, starts, incident, at } = row
  const why = parkedWhy(row)
  return { id, state, failures, attempts, starts, ...(incident && { incident }), ...(why && { why }), at }
}

function showLeft(rows: readonly KernelRow[], dataDir: string, nowMs: number): void {
  print(`No runtime works in ${dataDir}. This is what its journal remembers.`, '')
  const columns = [
    ...[{ title: 'KERNEL' }, { title: 'STATE' }, { title: 'FAILED', right: true as const }],
    ...[{ title: 'REPAIRS TRIED', right: true as const }, { title: 'SINCE' }],
  ]
  const cells = rows.map((row): Cell[] => [
    ...[row.id, stateCell(row.state), countCell(row.failures), String(row.attempts), ago(row.at, nowMs)],
  ])
  print(table(columns, cells), '')
  for (const row of rows) {
    const why = parkedWhy(row)
    if (why !== undefined) showParked(row.id, why)
    else if (row.incident !== undefined)
      print(`${row.id}: ${row.incident} is open. See: lazaret incidents ${row.incident}`)
  }
  print('To go on from here: lazaret run')
}

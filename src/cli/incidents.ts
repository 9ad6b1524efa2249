/** `lazaret incidents [id]`: what failed so that restarts were no answer, newest first; one of them with its repairs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describeRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { redactText, safeLine } from '../base/redact.ts'
import { proofLineNames, type RepairCost, type Verdict } from '../base/remedy.ts'
import type { AttemptRow, IncidentRow, TaskRow } from '../journal/rows.ts'
import { describeStep } from '../playbook/explain.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither } from './connection.ts'
import { ago, type Cell, count, duration, styled, table } from './terminal.ts'

type Detailed = IncidentRow & { readonly attempts: readonly AttemptRow[] }

export function incidentsCommand(): Command {
  const example = 'lazaret incidents\nlazaret incidents memory_fusion\nlazaret incidents inc_019ab3f0-... --json'
  return newCommand('incidents', 'list the incidents, or show one with its repairs', example)
    .argument('[id]', 'an incident to show, or a kernel whose incidents to list')
    .action((id: string | undefined, options: CommonOptions) =>
      id?.startsWith('inc_') ? showOne(id, options) : list(id, options),
    )
}

async function list(kernel: string | undefined, { dataDir, json }: CommonOptions): Promise<void> {
  const { found: rows } = await readEither(
    dataDir,
    async (link) => {
      const rows = await link.ask<IncidentRow[]>('incidents', kernel === undefined ? {} : { kernel })
      if (rows.length === 0) mustBeKnown(kernel, await link.ask<KernelStatus[]>('status'))
      return rows
    },
    (journal) => {
      const rows = journal.incidents({ ...(kernel && { kernel }), limit: 100 })
      if (rows.length === 0) mustBeKnown(kernel, journal.kernelRows())
      return rows
    },
  )
  if (json) printJson(rows)
  else if (rows.length === 0) print(`No incident${kernel === undefined ? '' : ` of ${kernel}`}.`)
  else showList(rows, Date.now())
}

function mustBeKnown(kernel: string | undefined, kernels: readonly { readonly id: string }[]): void {
  if (kernel === undefined || kernels.some(({ id }) => id === kernel)) return
  const known = kernels.map(({ id }) => id).join(', ') || 'none'
  throw new LazaretError('UNKNOWN_KERNEL', `There is no kernel ${JSON.stringify(kernel)}. There are: ${known}.`)
}

function showList(rows: readonly IncidentRow[], nowMs: number): void {
  const columns = [
    ...[{ title: 'INCIDENT' }, { title: 'KERNEL' }, { title: 'OPENED', spare: 3 }, { title: 'STATUS' }],
    ...[{ title: 'HEALED BY', spare: 2 }, { title: 'ERROR' }],
  ]
  const cells = rows.map((row): Cell[] => [
    ...[row.id, row.kernel, ago(row.openedAt, nowMs), statusCell(row)],
    ...[row.healedBy ?? '-', errorText(row)],
  ])
  print(table(columns, cells))
}

function statusCell({ status, count }: IncidentRow): Cell {
  const text = count === 1 ? status : `${status}, seen ${count} times`
  return { text, style: status === 'open' ? 'red' : 'green' }
}

function errorText({ error }: IncidentRow): string {
  return safeLine(redactText(describeRecord(error)))
}

async function showOne(id: string, { dataDir, json }: CommonOptions): Promise<void> {
  const { found } = await readEither<{ row: Detailed; tasks: TaskRow[] }>(
    dataDir,
    async (link) => ({
      row: await link.ask<Detailed>('incident', { incident: id }),
      tasks: await link.ask<TaskRow[]>('tasks', { status: 'open' }),
    }),
    (journal) => {
      const row = journal.incident(id)
      if (row === undefined) throw new LazaretError('NOT_FOUND', `There is no incident ${id}.`)
      return { row: { ...row, attempts: journal.attempts(id) }, tasks: journal.tasks({ status: 'open' }) }
    },
  )
  if (json) printJson(found.row)
  else
    showDetails(
      found.row,
      found.tasks.find(({ incident }) => incident === id),
      Date.now(),
    )
}

function showDetails(row: Detailed, task: TaskRow | undefined, nowMs: number): void {
  const lines: [string, string | undefined][] = [
    ['kernel', `${row.kernel} (tier ${row.tier})`],
    ['status', styled(row.status === 'open' ? 'red' : 'green', row.status)],
    ['error', errorText(row)],
    ['phase', row.phase],
    ['fingerprint', row.fingerprint],
    ['opened', `${new Date(row.openedAt).toISOString()}, ${ago(row.openedAt, nowMs)}`],
    ['seen', count(row.count, 'time')],
    ['evidence', row.folder],
    ['resolved', row.resolvedAt === undefined ? undefined : `after ${duration(row.resolvedAt - row.openedAt)}`],
    ['how', row.resolution === undefined ? undefined : safeLine(row.resolution)],
  ]
  print(styled('bold', row.id))
  for (const [name, value] of lines) if (value !== undefined) print(`  ${styled('dim', name.padEnd(11))}  ${value}`)
  if (row.folder !== undefined) showFindings(row.folder)
  for (const attempt of row.attempts) showAttempt(attempt)
  if (row.status !== 'open') return
  if (task?.remedy !== undefined)
    print('', `To apply the proved repair: lazaret approve ${task.id}`, `Not to apply it: lazaret reject ${task.id}`)
  else print('', `To try a repair: lazaret repair ${row.kernel}. When it is mended: lazaret rejoin ${row.kernel}`)
}

/** What was not as it should be when it failed; the evidence has it. */
function showFindings(folder: string): void {
  for (const [name, texts] of Object.entries(findingsIn(folder))) {
    for (const text of texts) print(`  ${styled('yellow', name.padEnd(11))}  ${safeLine(redactText(text))}`)
  }
}

function findingsIn(folder: string): Record<'drift' | 'damage', string[]> {
  const texts = (value: unknown) => (Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [])
  try {
    const { drift, damage } = JSON.parse(readFileSync(join(folder, 'error.json'), 'utf8'))
    return { drift: texts(drift), damage: texts(damage) }
  } catch {
    // The folder was moved away, or a person has edited what is in it: the incident is shown without it.
    return { drift: [], damage: [] }
  }
}

const proofNameWidth = Math.max(...proofLineNames.map((name) => name.length))

export function showAttempt({ n, agent, outcome, why, steps, verdict, cost }: AttemptRow): void {
  print('', `  ${styled('bold', `repair ${n}`)}  ${agent}: ${outcome}`, `    ${safeLine(why)}`)
  for (const step of steps) {
    print(`    step    ${step.do}: ${safeLine(redactText(describeStep(step)))}`)
    if (step.do === 'apply_patch' && outcome !== 'refused') showPatch(step.patch)
  }
  if (cost !== undefined) print(`    cost    ${costText(cost)}`)
  if (verdict !== undefined) showVerdict(verdict, '    ')
}

/** Of the agent, its waiting for proofs left out. */
function costText({ durationMs, sandboxRuns, tokensIn, tokensOut, usd }: RepairCost): string {
  const parts = [`${duration(durationMs)} of the agent`]
  if (sandboxRuns > 0) parts.push(count(sandboxRuns, 'sandbox run'))
  if (tokensIn + tokensOut > 0) parts.push(`${tokensIn} tokens in and ${tokensOut} out`)
  if (usd > 0) parts.push(`${usd.toFixed(4)} USD`)
  return parts.join(', ')
}

export function showVerdict({ lines, refusal, isolation, durationMs }: Verdict, indent: string): void {
  for (const { name, passed, detail, durationMs: tookMs } of lines) {
    const mark = styled(passed ? 'green' : 'red', passed ? 'passed' : 'failed')
    print(
      `${indent}${mark}  ${name.padEnd(proofNameWidth)}  ${safeLine(redactText(detail))} ${styled('dim', duration(tookMs))}`,
    )
  }
  if (lines.length > 0) print(`${indent}judged in ${isolation} isolation, in ${duration(durationMs)}`)
  const last = lines.at(-1)
  const isSaid = last !== undefined && refusal === `${last.name}: ${last.detail}`
  if (refusal !== undefined && !isSaid) print(`${indent}${styled('red', 'refused')} ${safeLine(redactText(refusal))}`)
}

/** More lines of a patch than a person reads on a terminal are left to --json. */
const patchLines = 60

function showPatch(patch: string): void {
  const lines = patch.trimEnd().split('\n')
  for (const line of lines.slice(0, patchLines)) {
    const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'dim'
    print(`            ${styled(style, safeLine(redactText(line)))}`)
  }
  if (lines.length > patchLines) print(`            ${count(lines.length - patchLines, 'line')} more: see --json`)
}

/** `lazaret incidents [id]`: what failed so that restarts were no answer, newest first; one of them with its repairs. */
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { describeRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { redactText, safeLine } from '../base/redact.ts'
import type { Story } from '../dashboard/story-shape.ts'
import type { AttemptRow, IncidentRow } from '../journal/rows.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { type CommonOptions, newCommand, print, printJson } from './command.ts'
import { readEither } from './connection.ts'
import { ago, type Cell, pathFromHere, table } from './terminal.ts'

type Detailed = IncidentRow & { readonly attempts: readonly AttemptRow[] }

interface IncidentOptions extends CommonOptions {
  /** A file, `-`, or true: named after the incident. */
  readonly html?: string | true
}

export function incidentsCommand(): Command {
  const example = [
    ...['lazaret incidents', 'lazaret incidents memory_fusion', 'lazaret incidents inc_019ab3f0-...'],
    ...['lazaret incidents inc_019ab3f0-... --html report.html'],
  ].join('\n')
  return newCommand('incidents', 'list the incidents, or show one with its repairs', example)
    .argument('[id]', 'an incident to show, or a kernel whose incidents to list')
    .option('--html [file]', 'write one incident as a file to read anywhere; - writes it to the output')
    .action((id: string | undefined, options: IncidentOptions) => {
      if (id?.startsWith('inc_')) return options.html === undefined ? showOne(id, options) : writeOne(id, options)
      if (options.html === undefined) return list(id, options)
      throw new LazaretError('OPTION_INVALID', '--html needs the id of one incident.', {
        hint: 'See their ids: lazaret incidents',
      })
    })
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

interface Found {
  readonly row: Detailed
  readonly story: Story
}

async function find(id: string, dataDir: string): Promise<Found> {
  // Only whoever looks at one needs what a story is put together with.
  const { storyOf } = await import('../dashboard/story.ts')
  const { found } = await readEither<Found>(
    dataDir,
    async (link) => ({
      row: await link.ask<Detailed>('incident', { incident: id }),
      story: await link.ask<Story>('story', { incident: id }),
    }),
    (journal) => ({
      story: storyOf({ journal, nowMs: Date.now(), dataDir }, id),
      row: { ...(journal.incident(id) as IncidentRow), attempts: journal.attempts(id) },
    }),
  )
  return found
}

async function showOne(id: string, { dataDir, json }: IncidentOptions): Promise<void> {
  const { row, story } = await find(id, dataDir)
  if (json) {
    printJson(row)
    return
  }
  const { showStory } = await import('./incident-text.ts')
  showStory(story, row.attempts)
}

async function writeOne(id: string, { dataDir, json, html }: IncidentOptions): Promise<void> {
  const { incidentFileName, incidentHtml } = await import('../dashboard/incident-html.ts')
  const { story } = await find(id, dataDir)
  const text = await incidentHtml(story)
  if (html === '-') {
    print(text)
    return
  }
  const file = typeof html === 'string' ? html : incidentFileName(id)
  await writeFile(file, text, { mode: 0o600 }).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'its folder is not there' : cause.message
    throw new LazaretError('OPTION_INVALID', `${JSON.stringify(file)} cannot be written: ${why}.`, {
      hint: 'Name another file: --html <file>',
    })
  })
  if (json) printJson({ incident: id, file, bytes: Buffer.byteLength(text) })
  else print(`${pathFromHere(file)} has the incident. It needs nothing else: open it in a browser, or send it.`)
}

/** The rows of a bench as figures, as JSON and as a table of 80 columns. Pure: what is measured elsewhere is shown here. */
import { bugKinds } from '../../test/repair/bugs/cases.ts'
import type { Outcome, Result, Row } from './row.ts'

/** Least share of the cases that the offline agents are to repair, of 1. No wrong one is accepted. */
const repairedAtLeast = 0.7

export interface Tally {
  readonly repaired: number
  readonly refused: number
  readonly wrong: number
  /** Of `refused`: the kernel serves on without the failing message. */
  readonly spared: number
  /** Of those that it repaired; null where there is none. */
  readonly medianMs: number | null
}

export interface Report extends Tally {
  readonly cases: number
  /** Each agent alone; `playbook` on those that were repaired before, which it is to repair again. */
  readonly byAgent: Readonly<Record<string, Tally>>
  readonly byKind: Readonly<Record<string, Tally>>
  readonly rows: readonly Row[]
}

export function reportOf(rows: readonly Row[]): Report {
  const agents = new Set(rows.flatMap(({ alone }) => Object.keys(alone)))
  const byAgent = [...agents].map((agent) => {
    const own = rows.flatMap(({ alone }) => alone[agent] ?? [])
    return [agent, tally(own)] as const
  })
  const kinds = bugKinds.filter((kind) => rows.some((row) => row.kind === kind))
  const byKind = kinds.map((kind) => [kind, tally(rows.filter((row) => row.kind === kind))] as const)
  return {
    ...{ cases: rows.length, ...tally(rows), byAgent: Object.fromEntries(byAgent) },
    ...{ byKind: Object.fromEntries(byKind), rows: rows.map(rounded) },
  }
}

function tally(results: readonly Result[]): Tally {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length
  const times = results.filter(({ outcome }) => outcome === 'repaired').map(({ ms }) => ms)
  return {
    ...{ repaired: count('repaired'), refused: count('refused'), wrong: count('wrong') },
    ...{ spared: results.filter(({ spared }) => spared === true).length, medianMs: median(times) },
  }
}

function median(times: readonly number[]): number | null {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  return middle === undefined ? null : Math.round(middle)
}

function rounded(row: Row): Row {
  const alone = Object.entries(row.alone).map(([agent, result]) => [agent, { ...result, ms: Math.round(result.ms) }])
  return { ...row, ms: Math.round(row.ms), alone: Object.fromEntries(alone) }
}

/** Why it is not good enough; undefined where it is. */
export function shortfall({ cases, repaired, wrong }: Report): string | undefined {
  const missing: string[] = []
  if (repaired < repairedAtLeast * cases) missing.push(`less than ${repairedAtLeast * 100} % repaired`)
  if (wrong > 0) missing.push(`${wrong} wrong`)
  return missing.length === 0 ? undefined : missing.join(', ')
}

const columns = 80

/** @param note a sentence about how it was run. */
export function table(report: Report, note: string): string {
  const { cases, repaired, refused, wrong, spared, rows } = report
  const lines = [
    ...wrapped(`${cases} broken kernel${cases === 1 ? '' : 's'}: ${note}.`),
    '',
    ...section('by kind', report.byKind),
    line('all', report),
    '',
    ...(Object.keys(report.byAgent).length === 0 ? [] : [...section('each agent alone', report.byAgent), '']),
    ...listed('wrong: passes its proof, and not the hidden check', rows, 'wrong'),
    ...listed('refused', rows, 'refused'),
    ...scripted(rows),
  ]
  const percent = cases === 0 ? 0 : Math.round((100 * repaired) / cases)
  const sparedNote = spared === 0 ? '' : ` (of these ${spared} kept in service, the failing message parked)`
  lines.push(
    ...wrapped(`${repaired} of ${cases} repaired (${percent} %), ${refused} refused${sparedNote}, ${wrong} wrong.`),
  )
  const short = shortfall(report)
  lines.push(short === undefined ? 'Good: 70 % are repaired, and none is wrong.' : `Not good enough: ${short}.`)
  return `${lines.join('\n')}\n`
}

function section(title: string, tallies: Readonly<Record<string, Tally>>): string[] {
  const head = `${title.padEnd(20)}${['repaired', 'refused', 'parked', 'wrong', 'median'].map((name) => name.padStart(10)).join('')}`
  return [head, ...Object.entries(tallies).map(([name, tally]) => line(name, tally))]
}

/** `parked` is that part of the refused. */
function line(name: string, { repaired, refused, spared, wrong, medianMs }: Tally): string {
  const time =
    medianMs === null ? '-' : medianMs < 9950 ? `${(medianMs / 1000).toFixed(1)} s` : `${Math.round(medianMs / 1000)} s`
  const cells = [repaired, refused, spared, wrong, time].map((cell) => String(cell).padStart(10))
  return `${name.padEnd(20)}${cells.join('')}`
}

function listed(title: string, rows: readonly Row[], outcome: Outcome): string[] {
  const found = rows.filter((row) => row.outcome === outcome)
  if (found.length === 0) return []
  const lines = found.flatMap((row) => {
    const expected = row.mends === 'repaired' ? '' : ` (honestly ${row.mends})`
    return [`  ${row.case}${expected}`, ...row.reasons.flatMap((reason) => wrapped(shortened(reason), '    '))]
  })
  return [title, ...lines, '']
}

/** What the scripted model did not bring through, and what its figures mean. */
function scripted(rows: readonly Row[]): string[] {
  const asked = rows.filter(({ alone }) => alone.model !== undefined)
  if (asked.length === 0) return []
  const failed = asked.filter(({ alone }) => alone.model?.outcome !== 'repaired')
  const lines = failed.flatMap((row) => [
    `  ${row.case}`,
    ...(row.alone.model?.reasons ?? []).flatMap((reason) => wrapped(shortened(reason), '    ')),
  ])
  const meaning = `model: a scripted endpoint that writes the files of mended/, asked about ${asked.length} of the refused. It tries the loop of tools, budget and proof, not intelligence, and is in no sum. Not brought through:${failed.length === 0 ? ' none.' : ''}`
  return [...wrapped(meaning), ...lines, '']
}

function shortened(reason: string): string {
  const plain = reason.replace(/\s+/g, ' ').replace(/file:\/\/\S*\/|\/tmp\/\S*\//g, '')
  return plain.length <= 220 ? plain : `${plain.slice(0, 219)}…`
}

function wrapped(text: string, indent = ''): string[] {
  const lines: string[] = []
  let current = indent
  for (const word of text.split(' ')) {
    if (current.length + word.length + 1 > columns && current.trim() !== '') {
      lines.push(current.trimEnd())
      current = `${indent}${indent === '' ? '' : '  '}`
    }
    current += `${word} `
  }
  return [...lines, current.trimEnd()]
}

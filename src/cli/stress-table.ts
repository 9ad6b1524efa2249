/** What a stress run is shown as when it is over: the rows by wave, the totals, the comparison, the verdict. */
import { type BaselineReport, type StressReport, type StressRow, surprises, type Wave } from '../chaos/report.ts'
import type { StressResult } from '../chaos/stress.ts'
import {
  type Cell,
  type Column,
  clip,
  count,
  duration,
  pathFromHere,
  stateCell,
  styled,
  table,
  terminalWidth,
  wrap,
} from './terminal.ts'

const waves: Readonly<Record<Wave, string>> = {
  1: 'Wave 1: lasting defects, which no restart mends',
  2: 'Wave 2: faults from outside',
  3: 'Wave 3: failures of wave 1 come back in sources that were edited since',
}

const columns: readonly Column[] = [
  ...([{ title: 'defect' }, { title: 'kernel' }, { title: 'healed by' }] as const),
  ...([
    { title: 'crashes', right: true, spare: 4 },
    { title: 'restarts', right: true, spare: 3 },
    { title: 'back in', right: true },
    { title: 'in all', right: true, spare: 2 },
  ] as const),
  ...([
    { title: 'expected', spare: 5 },
    { title: 'state', spare: 6 },
  ] as const),
]
/** Longest way of healing that the table shows; what speaks against a row stands below in full. Characters. */
const wayChars = 24

function cells(row: StressRow): Cell[] {
  return [
    ...[row.defect, row.kernel],
    { text: clip(row.healedBy, wayChars), style: row.asExpected ? 'green' : 'red' },
    ...[String(row.faults), String(row.restarts), row.healMs === undefined ? '-' : duration(row.healMs)],
    ...[duration(row.tookMs), row.expected],
    stateCell(row.state),
  ]
}

/** One table, so that the columns of all waves are in line, with a heading before each wave. */
function rowsByWave(rows: readonly StressRow[]): string[] {
  const [head = '', ...lines] = table(columns, rows.map(cells)).split('\n')
  const shown = [head]
  for (const [index, line] of lines.entries()) {
    const wave = rows[index]?.wave
    if (wave !== undefined && wave !== rows[index - 1]?.wave) shown.push(styled('bold', waves[wave]))
    shown.push(line)
  }
  return shown
}

function faster({ rows }: StressReport): string[] {
  return rows.flatMap(({ defect, healMs, before }) =>
    healMs === undefined || before === undefined
      ? []
      : [
          `wave 3     ${defect}: back in ${duration(healMs)} instead of ${duration(before.healMs)}, ${before.timesFaster} times faster`,
        ],
  )
}

export function shown({ report, broken, folder }: StressResult): string {
  const unexpected = surprises(report).filter((line) => !broken.includes(line))
  const parts = [
    ...rowsByWave(report.rows),
    '',
    ...totals(report).flatMap((line) => folded(line, 11)),
    ...['', comparison(report), ''],
  ]
  if (unexpected.length > 0) parts.push('Healed, but in another way than was written down before:')
  parts.push(...unexpected.flatMap((line) => folded(`  ${line}`, 2)))
  if (broken.length === 0) parts.push(...folded(verdict(report), 0).map((line) => styled('green', line)))
  else {
    parts.push(styled('red', 'Not every guarantee held:'), ...broken.flatMap((line) => folded(`  ${line}`, 2)))
  }
  if (folder !== undefined) parts.push('', `Evidence, journal and playbooks of this run: ${pathFromHere(folder)}`)
  return parts.join('\n')
}

/** Faults that no kernel went down by. */
function unhurt({ rows }: StressReport): string {
  const n = rows.filter(({ healedBy }) => healedBy === 'withstood' || healedBy === 'refused').length
  return n === 0 ? '' : `, ${n} withstood`
}

function totals(report: StressReport): string[] {
  const { kernels, faults, restarts, asks, messages, playbooks, incidents, notRunning } = report
  const ways = Object.entries(report.healedBy).map(([way, n]) => `${n} by ${way}`)
  return [
    `kernels    ${kernels.total}: ${kernels.running} running, ${kernels.parked} parked, ${kernels.quarantined} quarantined`,
    ...notRunning.map(
      ({ kernel, state, why }) => `           ${kernel} is ${state}${why === undefined ? '' : `: ${why}`}`,
    ),
    `defects    ${faults.injected}: ${faults.healed} healed (${ways.join(', ')})${unhurt(report)}, ${faults.asExpected} as expected`,
    `restarts   ${restarts.total}, past the budget ${restarts.pastBudget}`,
    `incidents  ${incidents}; playbooks ${playbooks.generated} made, ${playbooks.used} used`,
    ...faster(report),
    `asks       ${asks.sent}: ${asks.replied} replied, ${asks.failed} failed, ${asks.unsettled} unsettled`,
    `messages   ${messages.accepted} told: ${messages.handled} handled (${messages.handledElsewhere} by a stand-in), ${messages.deadLettered} dead letters, ${messages.lost} lost`,
    `time       ${duration(report.tookMs)}`,
  ]
}

const comparedColumns: readonly Column[] = [
  { title: '' },
  ...[{ title: 'original run' }, { title: 'this run' }, { title: 'plain restarts' }],
]

/** The test that this one is named after ended with 9 of 20; beside it what a plain supervisor makes of this very run. */
function comparison(report: StressReport): string {
  const { original, kernels, restarts, asks, messages, baseline } = report
  const share = (books: StressReport['asks']) => `${Math.round((100 * books.replied) / Math.max(1, books.sent))} %`
  const plain = (cell: (of: BaselineReport) => string | number) =>
    baseline === undefined ? [] : [String(cell(baseline))]
  const rows = [
    ['kernels', String(original.kernels), String(kernels.total), ...plain((of) => of.kernels.total)],
    ['running', String(original.running), String(kernels.running), ...plain((of) => of.kernels.running)],
    [
      ...['not running', String(original.failed), String(kernels.total - kernels.running)],
      ...plain((of) => of.kernels.total - of.kernels.running),
    ],
    ['restarts', original.restarts, String(restarts.total), ...plain((of) => of.starts.restarts)],
    ['asks replied', '-', share(asks), ...plain((of) => share(of.asks))],
    ['asks failed', '-', String(asks.failed), ...plain((of) => of.asks.failed)],
    ['tells lost', '-', String(messages.lost), ...plain((of) => of.messages.lost)],
    ['time', '-', duration(report.tookMs), ...plain((of) => duration(of.tookMs))],
  ]
  const text = table(baseline === undefined ? comparedColumns.slice(0, 3) : comparedColumns, rows)
  const why = baseline?.kernels.notRunning.map((each) => `  ${each.kernel}: ${each.why}`) ?? []
  return [text, ...(why.length === 0 ? [] : ['', 'Under plain restarts these do not serve at the end:', ...why])].join(
    '\n',
  )
}

/** Broken at spaces where the terminal is too narrow; later lines are indented. */
function folded(line: string, indent: number): string[] {
  const width = terminalWidth()
  if (width === undefined || line.length <= width) return [line]
  const lines = wrap(line.slice(indent), width - indent)
  return lines.map((text, index) => (index === 0 ? line.slice(0, indent) : ' '.repeat(indent)) + text)
}

function verdict({ kernels, faults }: StressReport): string {
  const parked =
    kernels.parked === 0 ? '' : `; ${count(kernels.parked, 'kernel')} that nothing offline can mend waits for a person`
  return `Every guarantee held: ${kernels.running} of ${kernels.total} kernels run after ${count(faults.injected, 'defect')}, ${faults.asExpected} of which ended as written down before${parked}.`
}

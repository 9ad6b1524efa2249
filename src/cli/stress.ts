/**
 * `lazaret stress`: lets defects loose on the fleet that comes with the package and shows how each healed. Live on a
 * terminal, quiet elsewhere, one table at the end; exit code 0 only where every guarantee held.
 */
import type { Command } from 'commander'
import { type Defect, defects } from '../chaos/defects.ts'
import type { StressReport, StressRow } from '../chaos/report.ts'
import { type StressResult, stress } from '../chaos/stress.ts'
import { newCommand } from './command.ts'
import {
  type Cell,
  type Column,
  count,
  duration,
  pathFromHere,
  stateCell,
  styled,
  table,
  terminalWidth,
  wrap,
} from './terminal.ts'

interface Options {
  readonly json?: true
  readonly keep?: true
}

const about = `
Five kernels work in real threads while defects are let loose on them: a killed thread, a regression, a bad configuration
value, corrupted state, a poison message, a hang, a missing package. What is expected of each is written down before.
The run works in .lazaret/stress/<run>, which is removed at the end, unless something did not hold or --keep is given.
Exit code: 0 every guarantee held, 1 something did not, 130 interrupted.`

export function stressCommand(): Command {
  return newCommand('stress', 'let defects loose on a fleet, and show how each heals', 'lazaret stress --json')
    .addHelpText('before', about)
    .option('--keep', 'leave the folder of the run: evidence, playbooks, journal')
    .action(async (options: Options) => {
      process.exitCode = await run(options)
    })
}

async function run({ json, keep }: Options): Promise<number> {
  const interrupted = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = () => interrupted.abort()
  for (const signal of signals) process.on(signal, onSignal)
  const board = json === undefined && process.stdout.isTTY ? new Board() : undefined
  try {
    const result = await stress({
      signal: interrupted.signal,
      ...(keep ? { keep } : {}),
      onProgress: ({ defect, row }) => board?.update(defect, row),
    })
    board?.clear()
    if (json) process.stdout.write(`${JSON.stringify(result.report)}\n`)
    else process.stdout.write(`${shown(result)}\n`)
    return result.broken.length === 0 ? 0 : 1
  } catch (thrown) {
    board?.clear()
    if (!interrupted.signal.aborted) throw thrown
    process.stderr.write('Interrupted: every thread has ended and the folder of the run is removed.\n')
    return 130
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

/** One line a defect, redrawn in place. */
class Board {
  readonly #begun = new Map<Defect, number>()
  readonly #done = new Map<Defect, StressRow>()
  readonly #timer: NodeJS.Timeout
  #height = 0

  constructor() {
    this.#timer = setInterval(() => this.#draw(), 200)
    this.#draw()
  }

  update(defect: Defect, row: StressRow | undefined): void {
    if (row === undefined) this.#begun.set(defect, performance.now())
    else this.#done.set(defect, row)
    this.#draw()
  }

  clear(): void {
    clearInterval(this.#timer)
    process.stdout.write(this.#home())
  }

  #home(): string {
    return this.#height === 0 ? '' : `\x1b[${this.#height}A\x1b[0J`
  }

  #draw(): void {
    const width = Math.max(...defects.map(({ name }) => name.length))
    const lines = defects.map((defect) => {
      const name = `${defect.name.padEnd(width)}  ${defect.kernel.padEnd(14)}`
      return `${this.#mark(defect)} ${name} ${this.#word(defect)}`
    })
    const done = this.#done.size
    const text = [styled('bold', `Stress: ${done} of ${defects.length} defects settled`), ...lines].join('\n')
    process.stdout.write(`${this.#home()}${text}\n`)
    this.#height = lines.length + 1
  }

  #mark(defect: Defect): string {
    const row = this.#done.get(defect)
    if (row !== undefined) return row.asExpected ? styled('green', '+') : styled('red', '!')
    return this.#begun.has(defect) ? styled('yellow', '>') : styled('dim', '.')
  }

  #word(defect: Defect): string {
    const row = this.#done.get(defect)
    if (row !== undefined) return `${row.healedBy} ${styled('dim', duration(row.tookMs))}`
    const since = this.#begun.get(defect)
    if (since === undefined) return styled('dim', 'waits')
    return styled('yellow', duration(performance.now() - since))
  }
}

const columns: readonly Column[] = [
  ...([{ title: 'defect' }, { title: 'kernel' }, { title: 'wave', right: true, spare: 5 }] as const),
  ...([
    { title: 'faults', right: true, spare: 4 },
    { title: 'restarts', right: true, spare: 3 },
  ] as const),
  ...([{ title: 'expected', spare: 1 }, { title: 'healed by' }] as const),
  ...([
    { title: 'in', right: true },
    { title: 'state', spare: 2 },
  ] as const),
]

function cells(row: StressRow): Cell[] {
  return [
    ...[row.defect, row.kernel, String(row.wave), String(row.faults), String(row.restarts), row.expected],
    { text: row.healedBy, style: row.asExpected ? 'green' : 'red' },
    duration(row.tookMs),
    stateCell(row.state),
  ]
}

function shown({ report, broken, folder }: StressResult): string {
  const parts = [table(columns, report.rows.map(cells)), '', totals(report, report.tookMs), '']
  if (broken.length === 0) parts.push(...folded(verdict(report), 0).map((line) => styled('green', line)))
  else parts.push(styled('red', 'Not every guarantee held:'), ...broken.map((problem) => `  ${problem}`))
  if (folder !== undefined) parts.push('', `Evidence, journal and playbooks of this run: ${pathFromHere(folder)}`)
  return parts.join('\n')
}

function totals(report: StressReport, tookMs: number): string {
  const { kernels, faults, restarts, asks, messages, playbooks, incidents } = report
  const ways = Object.entries(report.healedBy).map(([way, n]) => `${n} by ${way}`)
  return [
    `kernels    ${kernels.total}: ${kernels.running} running, ${kernels.parked} parked, ${kernels.quarantined} quarantined`,
    `defects    ${faults.injected}: ${faults.healed} healed (${ways.join(', ')}), ${faults.asExpected} as expected`,
    `restarts   ${restarts.total}, past the budget ${restarts.pastBudget}`,
    `incidents  ${incidents}; playbooks ${playbooks.generated} made, ${playbooks.used} used`,
    `asks       ${asks.sent}: ${asks.replied} replied, ${asks.failed} failed, ${asks.unsettled} unsettled`,
    `messages   ${messages.accepted} told: ${messages.handled} handled, ${messages.deadLettered} dead letters, ${messages.lost} lost`,
    `time       ${duration(tookMs)}`,
  ]
    .flatMap((line) => folded(line, 11))
    .join('\n')
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
  return `Every guarantee held: ${faults.healed} of ${count(faults.injected, 'defect')} healed, each as written down before${parked}.`
}

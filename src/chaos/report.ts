/** The account of a stress run, as --json prints it, and what in it did not hold. */
import type { HealedBy } from '../base/remedy.ts'

/** Nothing was settled within the deadline. */
export const notInTime = 'not in time'
/** The kernel was not as the table expects it; followed by why. */
export const notInjected = 'not injected'

/**
 * How a row may end. Beside the runtime's own ways of healing: `failover`; `withstood` (nothing had to be healed, and the
 * callers were served); `refused`; `break stated` (the log says what it lost and goes on); `parked`.
 */
export type Ending = HealedBy | 'failover' | 'withstood' | 'refused' | 'break stated' | 'parked'

/** Endings that heal nothing. */
const noHealing: ReadonlySet<string> = new Set(['withstood', 'refused', 'parked'])

export type Wave = 1 | 2 | 3

export interface StressRow {
  readonly defect: string
  /** Where there are several: the first one and how many more. */
  readonly kernel: string
  readonly wave: Wave
  /** Crashes of the kernel between the defect and its end. */
  readonly faults: number
  readonly restarts: number
  readonly expected: string
  /** How it ended, see Ending; or one of the words above; or what callers, ledger or files say against it. */
  readonly healedBy: string
  readonly asExpected: boolean
  /** From the defect to steady, or to parked: probation included. Milliseconds. */
  readonly tookMs: number
  /** From the first crash until it served again, probation not included; absent where it never crashed or never came back. */
  readonly healMs?: number
  /** Wave 3: the same failure's healMs in wave 1, and how many times faster it was now. */
  readonly before?: { readonly healMs: number; readonly timesFaster: number }
  /** State of the kernel when the row was done. */
  readonly state: string
}

/** The test that this one is named after: what it ended with. */
export const original = {
  ...{ kernels: 20, waves: 3, running: 9, failed: 11 },
  restarts: 'until the timeout',
} as const

export interface StressReport {
  readonly kernels: { total: number; running: number; quarantined: number; parked: number; failed: number }
  readonly faults: { injected: number; healed: number; asExpected: number }
  readonly restarts: { total: number; pastBudget: number }
  readonly incidents: number
  readonly healedBy: Readonly<Record<string, number>>
  readonly playbooks: { generated: number; used: number }
  readonly asks: { sent: number; replied: number; failed: number; unsettled: number }
  readonly messages: {
    accepted: number
    handled: number
    /** Of the handled ones: by a fallback, or by the kernel that they were rerouted to. */
    handledElsewhere: number
    handledTwice: number
    /** Handled more than once, as their sender allowed. */
    repeated: number
    deadLettered: number
    lost: number
  }
  readonly rows: readonly StressRow[]
  /** Kernels that are not running, with their state and why. */
  readonly notRunning: readonly { kernel: string; state: string; why?: string }[]
  /** Kernels that do not answer when all is over, and why. */
  readonly silent: readonly { readonly kernel: string; readonly why: string }[]
  readonly tookMs: number
  readonly original: typeof original
  /** The same fleet and the same defects under a plain supervisor, where that was asked for. */
  readonly baseline?: BaselineReport
}

export interface BaselineReport {
  readonly kernels: { total: number; running: number; notRunning: readonly { kernel: string; why: string }[] }
  /** Of all kernels: first ones, by command, and after an end. */
  readonly starts: { total: number; restarts: number }
  readonly asks: StressReport['asks']
  readonly messages: Pick<StressReport['messages'], 'accepted' | 'handled' | 'lost'>
  readonly tookMs: number
}

/** What the run must show; the table's own part of it is in the rows. */
const must = {
  notRunning: 2,
  ways: 6,
  asExpected: 0.9,
  byPlaybook: 3,
  timesFaster: 5,
  replied: 0.75,
  told: 0.75,
} as const

export function hasHealed({ healedBy, asExpected }: StressRow): boolean {
  return asExpected ? !noHealing.has(healedBy) : healWords.has(healedBy)
}

const healWords: ReadonlySet<string> = new Set([
  ...['restart', 'state', 'config', 'code', 'parked message', 'playbook', 'restore', 'person', 'failover'],
  'break stated',
])

function hasEnded(row: StressRow): boolean {
  return row.asExpected || healWords.has(row.healedBy) || noHealing.has(row.healedBy)
}

/** A row that ended in another way than was written down: to be told, though the kernel is well. */
export function surprises({ rows }: StressReport): string[] {
  return rows.filter(({ asExpected }) => !asExpected).map(surprise)
}

function surprise({ defect, kernel, expected, healedBy }: StressRow): string {
  return `${defect} (${kernel}): expected ${expected}, was ${healedBy}`
}

/** What did not hold, for a person. */
export function problemsOf(report: StressReport): string[] {
  const { rows, kernels, faults, messages } = report
  const problems: string[] = rows.filter((row) => !hasEnded(row)).map(surprise)
  const zero = (n: number, what: string) => {
    if (n !== 0) problems.push(`${n} ${what}`)
  }
  zero(report.restarts.pastBudget, 'starts past the restart budget')
  zero(report.asks.unsettled, 'asks never settled')
  zero(messages.lost, 'accepted messages were lost')
  zero(messages.handledTwice, 'messages were handled twice')
  zero(kernels.total - kernels.running - kernels.parked, 'kernels are neither running nor parked')
  const expectedParked = rows.filter(({ expected }) => expected === 'parked').length
  if (kernels.parked !== expectedParked) {
    problems.push(`${kernels.parked} kernels are parked, ${expectedParked} were expected`)
  }
  if (kernels.running < kernels.total - must.notRunning) {
    problems.push(`${kernels.running} of ${kernels.total} kernels run; ${must.notRunning} may be missing`)
  }
  const ways = Object.keys(report.healedBy).length
  if (ways < must.ways) problems.push(`${ways} ways of healing were seen, ${must.ways} are needed`)
  if (faults.asExpected < must.asExpected * faults.injected) {
    problems.push(`${faults.asExpected} of ${faults.injected} ended as expected, 90 % are needed`)
  }
  const runs = (kernel: string) => !report.notRunning.some((other) => other.kernel === kernel)
  for (const { kernel, why } of report.silent)
    if (runs(kernel)) problems.push(`${kernel} does not answer at the end: ${why}`)
  const { sent, replied } = report.asks
  if (replied < must.replied * sent) problems.push(`${replied} of ${sent} asks were replied to, 75 % are needed`)
  const { accepted, handled } = messages
  if (handled < must.told * accepted) problems.push(`${handled} of ${accepted} tells were handled, 75 % are needed`)
  return [...problems, ...slowOnes(rows)]
}

function slowOnes(rows: readonly StressRow[]): string[] {
  const again = rows.filter(({ wave, healedBy }) => wave === 3 && healedBy === 'playbook')
  const slow = again.filter(({ before }) => (before?.timesFaster ?? 0) < must.timesFaster)
  return [
    ...(again.length < must.byPlaybook ? [`${again.length} failures healed by playbook in wave 3, 3 are needed`] : []),
    ...slow.map(({ defect, healMs, before }) => {
      const times = before === undefined ? 'its first healing is not known' : `${before.timesFaster} times faster`
      return `${defect}: healed in ${healMs} ms by its playbook, ${times}; ${must.timesFaster} times are needed`
    }),
  ]
}

/** The account of a stress run, as --json prints it, and what in it did not hold. */

/** Nothing was settled within the deadline. */
export const notInTime = 'not in time'
/** The kernel was not as the table expects it; followed by why. */
export const notInjected = 'not injected'

export interface StressRow {
  readonly defect: string
  readonly kernel: string
  readonly wave: 1 | 2
  /** Crashes of the kernel between the defect and its end. */
  readonly faults: number
  readonly restarts: number
  readonly expected: string
  /** How it healed; `parked` where it did not; or one of the words below. */
  readonly healedBy: string
  readonly asExpected: boolean
  /** From the defect to steady, or to parked. */
  readonly tookMs: number
  /** State of the kernel when the row was done. */
  readonly state: string
}

export interface StressReport {
  readonly kernels: { total: number; running: number; quarantined: number; parked: number; failed: number }
  readonly faults: { injected: number; healed: number; asExpected: number }
  readonly restarts: { total: number; pastBudget: number }
  readonly incidents: number
  readonly healedBy: Readonly<Record<string, number>>
  readonly playbooks: { generated: number; used: number }
  readonly asks: { sent: number; replied: number; failed: number; unsettled: number }
  readonly messages: { accepted: number; handled: number; deadLettered: number; lost: number }
  readonly rows: readonly StressRow[]
}

/** What did not hold, for a person. */
export function problemsOf(report: StressReport, handledTwice: number): string[] {
  const problems = report.rows
    .filter(({ asExpected }) => !asExpected)
    .map(({ defect, kernel, expected, healedBy }) => `${defect} (${kernel}): expected ${expected}, was ${healedBy}`)
  const zero = (n: number, what: string) => {
    if (n !== 0) problems.push(`${n} ${what}`)
  }
  zero(report.restarts.pastBudget, 'starts past the restart budget')
  zero(report.asks.unsettled, 'asks never settled')
  zero(report.messages.lost, 'accepted messages were lost')
  zero(handledTwice, 'messages were handled twice')
  const expectedParked = report.rows.filter(({ expected }) => expected === 'parked').length
  const { total, running, parked } = report.kernels
  zero(total - running - parked, 'kernels are neither running nor parked')
  if (parked !== expectedParked) problems.push(`${parked} kernels are parked, ${expectedParked} were expected`)
  return problems
}

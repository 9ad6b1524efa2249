/**
 * What a row of the table works with: the fleet, its stage, what was said of it, and its callers. How a kernel's failure
 * ended is read here, in one place.
 */
import type { ErrorRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import type { Target } from './faults.ts'
import { notInTime } from './report.ts'
import type { Stage } from './stage.ts'
import type { Traffic } from './traffic.ts'
import type { Watch } from './watch.ts'

/** A fleet that can also be told to start a kernel anew: a Runtime, or the plain one of the baseline. */
export interface Fleet extends Target {
  kernel(id: string): { restart(): Promise<unknown> }
}

export interface Field {
  readonly fleet: Fleet
  readonly stage: Stage
  readonly watch: Watch
  readonly traffic: Traffic
  /** Called at the end of the run, however it ends: what a fault has set going beside the fleet. */
  defer(end: () => void): void
}

/** Says how it ended: an Ending, or what speaks against it. */
export type Judge = () => Promise<string>

/** Longest that one thing is waited for: four hangs and their restarts on a machine that is busy elsewhere. Milliseconds. */
export const rowDeadlineMs = 60_000

const ends: ReadonlySet<string> = new Set(['kernel.recovered', 'kernel.parked'])

/** How the kernel's failure ends; a place taken before the fault. */
export async function endOf({ watch }: Field, kernel: string, from: number): Promise<string> {
  const event = await watch.next((each) => each.kernel === kernel && ends.has(each.type), {
    ...{ from, withinMs: rowDeadlineMs },
  })
  if (event === undefined) return notInTime
  return event.type === 'kernel.parked' ? 'parked' : String(event.healedBy)
}

/** As endOf, where the first crash must have been of this kind. */
export async function endAfter(field: Field, kernel: string, from: number, code: string): Promise<string> {
  const ended = await endOf(field, kernel, from)
  const crash = field.watch.of(kernel, from).find(({ type }) => type === 'kernel.crashed')
  const seen = (crash?.error as ErrorRecord | undefined)?.code ?? 'no crash'
  return seen === code ? ended : `${ended}, but after ${seen} instead of ${code}`
}

export function crashes({ watch }: Field, from: number, kernel?: string): LazaretEvent[] {
  return watch.events
    .slice(from)
    .filter((event) => event.type === 'kernel.crashed' && (kernel === undefined || event.kernel === kernel))
}

/** Resolves when the kernel crashes once more. @param options.atOnce called in the same turn. */
export async function crashed(
  { watch }: Field,
  kernel: string,
  options: { from?: number; atOnce?: () => void } = {},
): Promise<void> {
  const test = (event: LazaretEvent) => event.type === 'kernel.crashed' && event.kernel === kernel
  await watch.next(test, { ...options, withinMs: rowDeadlineMs })
}

/** Starts it anew, as a person does who has just edited something. Resolves when it serves, or has crashed. */
export async function restart(field: Field, kernel: string): Promise<void> {
  // The restart itself goes on until the kernel has settled, which is what the row waits for.
  await Promise.race([field.fleet.kernel(kernel).restart(), crashed(field, kernel, { from: field.watch.place })])
}

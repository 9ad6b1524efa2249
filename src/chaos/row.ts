/** One row of the run: the defect let loose, its end waited for and measured. */
import { toRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import type { Defect } from './defects.ts'
import { endOf, type Field, rowDeadlineMs } from './field.ts'
import { hasHealed, notInjected, type StressRow } from './report.ts'

const goldenOrNever: ReadonlySet<string> = new Set(['snapshot.golden', 'kernel.parked'])
const backAgain = ['kernel.rejoined', 'kernel.restarted']
const takenOver = ['failover.completed']

/** A defect comes to a kernel that has something to go back to; one that never ran well, and is parked, has nothing. */
async function golden({ watch }: Field, kernel: string): Promise<void> {
  await watch.next((event) => event.kernel === kernel && goldenOrNever.has(event.type), {
    ...{ from: 0, withinMs: rowDeadlineMs },
  })
}

/**
 * Plays one row. @param stateOf the kernel's state now.
 * @throws the reason of the signal where the run was interrupted.
 */
export async function playRow(
  field: Field,
  defect: Defect,
  options: { signal: AbortSignal; stateOf: (kernel: string) => string; onBegun: () => void },
): Promise<StressRow> {
  const { name, kernel, wave, expected, fromBoot } = defect
  if (fromBoot === undefined && field.stage.kernels.includes(kernel)) await golden(field, kernel)
  options.signal.throwIfAborted()
  options.onBegun()
  // What is there from the first boot has begun its work before its row begins.
  const from = fromBoot === undefined ? field.watch.place : 0
  const beganAt = performance.now()
  const healedBy = await ending(field, defect, from, options.signal)
  const measured = Math.round(performance.now() - beganAt)
  const since = field.watch.of(kernel, from)
  const tookMs = fromBoot === undefined ? measured : (span(since, 'kernel.started', ['kernel.recovered']) ?? measured)
  const servesAgain = since.some(({ type }) => type === 'failover.completed') ? takenOver : backAgain
  const healMs = span(since, 'kernel.crashed', servesAgain)
  return {
    ...{ defect: name, kernel, wave, expected, healedBy, asExpected: healedBy === expected, tookMs },
    faults: since.filter(({ type }) => type === 'kernel.crashed').length,
    restarts: since.filter(({ type, reason }) => type === 'kernel.started' && reason === 'restart').length,
    ...(healMs !== undefined && { healMs }),
    state: options.stateOf(kernel),
  }
}

async function ending(field: Field, defect: Defect, from: number, signal: AbortSignal): Promise<string> {
  try {
    const judge = await defect.inject?.(field)
    signal.throwIfAborted()
    return await (judge ?? (() => endOf(field, defect.kernel, from)))()
  } catch (thrown) {
    signal.throwIfAborted()
    // The kernel is not as the table expects it: one row that did not hold, and the others go on.
    return `${notInjected}: ${toRecord(thrown).message}`
  }
}

/** From the first event of one type to the last of others. Milliseconds. */
function span(events: readonly LazaretEvent[], first: string, last: readonly string[]): number | undefined {
  const from = events.find(({ type }) => type === first)?.at
  const to = events.findLast(({ type, at }) => last.includes(type) && from !== undefined && at >= from)?.at
  return from === undefined || to === undefined ? undefined : to - from
}

/** Wave 3 against wave 1: how many times faster the same failure healed. */
export function compared(rows: readonly StressRow[], defects: readonly Defect[]): StressRow[] {
  return rows.map((row) => {
    const again = defects.find(({ name }) => name === row.defect)?.again
    const before = rows.find(({ defect }) => defect === again)
    if (before?.healMs === undefined || row.healMs === undefined || !hasHealed(before)) return row
    const timesFaster = Math.round((10 * before.healMs) / Math.max(1, row.healMs)) / 10
    return { ...row, before: { healMs: before.healMs, timesFaster } }
  })
}

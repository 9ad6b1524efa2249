/**
 * Where an earlier process left a kernel, as the chart's first event. Supervision outlives the process: a quarantined
 * kernel is still quarantined, a repair goes on, a probation is begun anew. Pure.
 */
import type { KernelRow } from '../journal/rows.ts'
import type { LifecycleEvent, LifecycleInput } from '../lifecycle/machine.ts'

export interface Resumed {
  readonly first: LifecycleEvent
  readonly counters: Pick<LifecycleInput, 'failures' | 'starts' | 'attempts' | 'restored'>
  /** One sentence for the event `kernel.resumed`; absent for a kernel that is new here. */
  readonly why?: string
  /** The process died while it started this kernel, once too often: that is the failure to escalate. */
  readonly diedInStart?: true
}

const bootingStates: ReadonlySet<string> = new Set(['starting', 'restarting.booting'])

/**
 * @param max restart.max of the kernel.
 * @param hasEvidence an open incident of it has an evidence folder.
 */
export function resume(row: KernelRow | undefined, max: number, hasEvidence: boolean): Resumed {
  if (row === undefined) return { first: { type: 'START' }, counters: {} }
  const { state, failures, attempts } = row
  const restored = row.facts.restored === true
  const at = (point: Extract<LifecycleEvent, { type: 'RESUME' }>['at'], why: string, starts = failures): Resumed => ({
    first: { type: 'RESUME', at: point },
    counters: { failures, starts, attempts, restored },
    why,
  })
  if (state === 'quarantined.parked') return at('parked', 'It was parked for a person, and still is.')
  if (state.startsWith('quarantined')) return at('waiting', 'It was quarantined; its repair goes on.')
  if (state.startsWith('repairing'))
    return at('waiting', `The process ended during ${state}; the repair is tried again.`)
  if (state.startsWith('failed')) {
    if (hasEvidence) return at('waiting', 'It had failed, and the evidence is there; its repair goes on.')
    // What it was given is gone with the process, and nothing can be proved without it.
    return at(
      'rejoin',
      'It had failed before evidence was on disk: it is started once, on probation, to see the failure.',
    )
  }
  if (state.startsWith('rejoined') || row.facts.probation === true) {
    return at('rejoin', 'It was on probation, which begins anew.')
  }
  if (bootingStates.has(state)) {
    // Nobody knows whether the kernel took the process with it (a native crash does), so this start is charged.
    if (row.starts > max) {
      return {
        ...at('failed', `The process died while it started this kernel, ${row.starts} times.`),
        diedInStart: true,
      }
    }
    return at('start', 'The process ended while it was starting.', row.starts)
  }
  const words = failures === 0 ? 'It was in service.' : `It had failed ${failures} times and was not steady yet.`
  return at('start', state === 'stopped' || state === 'stopping' ? 'It was stopped in an orderly way.' : words)
}

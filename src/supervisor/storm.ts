/**
 * How many repairs one kernel may have within an hour. A repair that holds needs no second one; several in an hour are a
 * loop, in which each undoes what the last has done. Counted from the journal, so that it outlives the process. What a
 * person has asked for or approved counts, and is never held back.
 */
import { limits } from '../base/limits.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

/** Why no repair may be applied without a person now, with the time of the next; undefined where one may. */
export function stormReason({ journal, clock }: Pick<House, 'journal' | 'clock'>, unit: Unit): string | undefined {
  const { maxPerHour } = unit.spec.repair
  const last = journal.repairsApplied(unit.id, clock.now() - limits.repairStormMs)[maxPerHour - 1]
  if (last === undefined) return undefined
  const next = new Date(last + limits.repairStormMs).toISOString()
  const times = maxPerHour === 1 ? '1 repair was' : `${maxPerHour} repairs were`
  return `${times} applied to it within an hour, which is repair.maxPerHour; without a person the next may be applied from ${next} on`
}

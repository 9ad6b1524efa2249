/** Where a kernel stands, as the journal keeps it, and what a later process takes from it beside the chart's counters. */
import type { Journal } from '../journal/journal.ts'
import type { IncidentRow, KernelRow } from '../journal/rows.ts'
import { dotted, type LifecycleSnapshot } from '../lifecycle/instance.ts'
import { parkingIn } from './notices.ts'
import type { Unit } from './unit.ts'

/** @param at epoch milliseconds. A kernel that is parked for an incident is so from now on. */
export function rowOf(unit: Unit, snapshot: LifecycleSnapshot, at: number): KernelRow {
  const { failures, attempts, starts, restored } = snapshot.context
  const state = dotted(snapshot.value)
  const probation = unit.hotfixOnProbation && !state.startsWith('running')
  if (state === 'quarantined.parked' && unit.incident !== undefined) unit.parked ??= { incident: unit.incident, at }
  const { parkedWhy, parked, route, incident, heldBack } = unit
  return {
    ...{ id: unit.id, state, failures, attempts, starts, at },
    ...(incident && { incident }),
    facts: {
      ...{ restored, probation, epoch: route.epoch },
      ...(parkedWhy && { parkedWhy }),
      ...(parked && { parked }),
      ...(heldBack && { heldBack }),
    },
  }
}

/** The incident that it was mended for: of several open ones the first, whose evidence the repair goes by. */
export function openIncidentOf(
  journal: Pick<Journal, 'incident'>,
  row: KernelRow | undefined,
): IncidentRow | undefined {
  const incident = row?.incident === undefined ? undefined : journal.incident(row.incident)
  return incident?.status === 'open' ? incident : undefined
}

/** Where an earlier process left it. One killed between the switching on of repairs and their going on goes on. */
export function leftAt(row: KernelRow | undefined, repairsOn: boolean): KernelRow | undefined {
  const isFree = repairsOn && row?.facts.heldBack === true && row.state === 'quarantined.parked'
  return isFree ? { ...row, state: 'quarantined.waiting' } : row
}

export function takeFacts(unit: Unit, row: KernelRow | undefined): void {
  const { parkedWhy, parked, epoch, heldBack } = row?.facts ?? {}
  unit.parkedWhy = typeof parkedWhy === 'string' ? parkedWhy : undefined
  unit.parked = parkingIn(parked)
  unit.heldBack = heldBack === true
  unit.route.epoch = typeof epoch === 'number' ? epoch : 0
}

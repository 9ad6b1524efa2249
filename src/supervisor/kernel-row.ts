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
  const { parkedWhy, parked, route, incident } = unit
  return {
    ...{ id: unit.id, state, failures, attempts, starts, at },
    ...(incident && { incident }),
    facts: { restored, probation, epoch: route.epoch, ...(parkedWhy && { parkedWhy }), ...(parked && { parked }) },
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

export function takeFacts(unit: Unit, row: KernelRow | undefined): void {
  const { parkedWhy, parked, epoch } = row?.facts ?? {}
  unit.parkedWhy = typeof parkedWhy === 'string' ? parkedWhy : undefined
  unit.parked = parkingIn(parked)
  unit.route.epoch = typeof epoch === 'number' ? epoch : 0
}

/** What operators are told of an incident: when it begins, when a person is needed, and when it is over. */
import { describeRecord } from '../base/error-record.ts'
import type { Notice } from '../escalation/notify.ts'
import type { IncidentRow } from '../journal/rows.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

type Parked = Pick<Unit, 'incident' | 'parkedAt' | 'parkedWhy'>

function about({ kernel, tier, id, fingerprint, openedAt, folder }: IncidentRow) {
  return { kernel, tier, incident: id, fingerprint, openedAt, ...(folder !== undefined && { folder }) }
}

export function openedNotice(row: IncidentRow): Notice {
  const text = `Critical: ${row.kernel} (tier ${row.tier}) is out of service. ${describeRecord(row.error)}`
  return { kind: 'incident.opened', ...about(row), text, at: row.openedAt }
}

export function parkedNotice(row: IncidentRow, { parkedAt, parkedWhy }: Parked, at: number): Notice {
  const text = `${row.kernel} is parked and needs a person: ${parkedWhy ?? 'an earlier process did not say why'}`
  return { kind: 'kernel.parked', ...about(row), text, at, parkedAt: parkedAt ?? at }
}

/** @param how one sentence: what mended it. */
export function resolvedNotice(row: IncidentRow, { incident, parkedAt }: Parked, how: string): Notice {
  // The call for a person was for the kernel's first open incident.
  const wasParked = row.id === incident && parkedAt !== undefined
  return {
    ...{ kind: 'incident.resolved', ...about(row), text: `${row.kernel} is back: ${how}` },
    at: row.resolvedAt ?? row.openedAt,
    ...(wasParked && { parkedAt }),
  }
}

/** What is open now, of the kernels that the fleet still has: nobody could ever resolve that of another. */
export function openNotices({ incidents, units }: Pick<House, 'incidents' | 'units'>): Notice[] {
  return incidents.list().flatMap((row) => {
    const unit = units.get(row.kernel)
    if (unit === undefined) return []
    const parkedAt = row.id === unit.incident ? unit.parkedAt : undefined
    return parkedAt === undefined ? [openedNotice(row)] : [openedNotice(row), parkedNotice(row, unit, parkedAt)]
  })
}

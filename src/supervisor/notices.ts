/** What operators are told of an incident: when it begins, when a person is needed, and when it is over. */
import { describeRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { Notice } from '../escalation/notify.ts'
import type { IncidentRow } from '../journal/rows.ts'
import type { House } from './house.ts'
import type { Parking, Unit } from './unit.ts'

function about({ kernel, tier, id, fingerprint, openedAt, folder }: IncidentRow) {
  return { kernel, tier, incident: id, fingerprint, openedAt, ...(folder !== undefined && { folder }) }
}

export function openedNotice(row: IncidentRow): Notice {
  const text = `Critical: ${row.kernel} (tier ${row.tier}) is out of service. ${describeRecord(row.error)}`
  return { kind: 'incident.opened', ...about(row), text, at: row.openedAt }
}

/** @param at of this time; default: of the first. */
export function parkedNotice(
  row: IncidentRow,
  { parked, parkedWhy }: Pick<Unit, 'parked' | 'parkedWhy'>,
  at: number = parked?.at ?? row.openedAt,
): Notice {
  const text = `${row.kernel} is parked and needs a person: ${parkedWhy ?? 'an earlier process did not say why'}`
  return { kind: 'kernel.parked', ...about(row), text, at, parkedAt: parked?.at ?? at }
}

/** What a step of a repair tells of an open incident. */
export function toldNotice(row: IncidentRow, text: string, at: number): Notice {
  return { kind: 'playbook.told', ...about(row), text: `${row.kernel}: ${text}`, at }
}

/** @param parked of its kernel, for whichever incident. */
export function resolvedNotice(row: IncidentRow, parked: Parking | undefined): Notice {
  return {
    ...{ kind: 'incident.resolved', ...about(row), text: `${row.kernel} is back: ${row.resolution ?? 'in service'}` },
    at: row.resolvedAt ?? row.openedAt,
    ...(parked?.incident === row.id && { parkedAt: parked.at }),
  }
}

/** What is open now, of the kernels that the fleet still has: nobody could ever resolve that of another. */
export function openNotices({ incidents, units }: Pick<House, 'incidents' | 'units'>): Notice[] {
  return incidents.list().flatMap((row) => {
    const unit = units.get(row.kernel)
    if (unit === undefined) return []
    return unit.parked?.incident === row.id ? [openedNotice(row), parkedNotice(row, unit)] : [openedNotice(row)]
  })
}

/**
 * Incidents that are over though their receiver believes that they fire: the process was killed before it told of the
 * end, or the receiver was dead until it stopped. What a receiver believes is what the events say that it took.
 */
export function missedNotices(journal: Pick<House['journal'], 'events' | 'incident'>): Notice[] {
  const firing = new Map<string, LazaretEvent>()
  for (const event of journal.events({ type: 'notify.sent', limit: limits.alertHistory })) {
    if (event.status === 'firing') firing.set(String(event.fingerprint), event)
    else firing.delete(String(event.fingerprint))
  }
  const notices = new Map<string, Notice>()
  for (const { incident, alert, startsAt } of firing.values()) {
    const row = journal.incident(String(incident))
    if (row?.status !== 'resolved') continue
    const known = notices.get(row.id) ?? resolvedNotice(row, undefined)
    const parkedAt = alert === 'LazaretKernelParked' && typeof startsAt === 'number' ? startsAt : known.parkedAt
    notices.set(row.id, parkedAt === undefined ? known : { ...known, parkedAt })
  }
  return [...notices.values()]
}

/** As the journal has it. */
export function parkingIn(fact: unknown): Parking | undefined {
  const { incident, at } = (fact ?? {}) as Partial<Parking>
  return typeof incident === 'string' && typeof at === 'number' ? { incident, at } : undefined
}

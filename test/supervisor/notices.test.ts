import { expect, test } from 'vitest'
import type { LazaretEvent } from '../../src/base/events.ts'
import { alertsOf } from '../../src/escalation/alert.ts'
import type { IncidentRow } from '../../src/journal/rows.ts'
import {
  missedNotices,
  openedNotice,
  openNotices,
  parkedNotice,
  parkingIn,
  resolvedNotice,
} from '../../src/supervisor/notices.ts'

const row: IncidentRow = {
  ...{ id: 'inc_1', kernel: 'notes', tier: 2, fingerprint: 'f', status: 'open', openedAt: 1000, count: 1 },
  ...{ error: { name: 'Error', message: 'no upstream' }, phase: 'start' },
}
const over: IncidentRow = { ...row, status: 'resolved', resolvedAt: 9000, resolution: 'A person mended it.' }
const parked = { incident: 'inc_1', at: 5000 }

test('the call for a person is of one incident, and ends with that one', () => {
  expect(resolvedNotice(over, parked)).toMatchObject({
    parkedAt: 5000,
    at: 9000,
    text: expect.stringContaining('person'),
  })
  expect(resolvedNotice({ ...over, id: 'inc_2' }, parked)).not.toHaveProperty('parkedAt')
})

test('what is open is told of kernels that the fleet has', () => {
  const incidents = { list: () => [row, { ...row, id: 'inc_2' }, { ...row, id: 'inc_3', kernel: 'gone' }] }
  const units = new Map([['notes', { parked, parkedWhy: 'no repair holds' }]])
  const notices = openNotices({ incidents, units } as unknown as Parameters<typeof openNotices>[0])
  expect(notices.map(({ kind, incident }) => `${kind} ${incident}`)).toEqual([
    ...['incident.opened inc_1', 'kernel.parked inc_1', 'incident.opened inc_2'],
  ])
})

test('an end is missed where the last that was taken is firing, and the incident is over', () => {
  const down = openedNotice(row)
  const call = parkedNotice(row, { parked, parkedWhy: undefined })
  const taken = (notice: typeof down, status = 'firing'): LazaretEvent[] =>
    alertsOf(notice).map(({ labels, fingerprint, startsAt }) => ({
      ...{ type: 'notify.sent', kernel: 'notes', at: 0, seq: 0, incident: labels.incident, alert: labels.alertname },
      ...{ status, fingerprint, startsAt },
    }))
  const missed = (now: IncidentRow | undefined, ...events: LazaretEvent[][]) =>
    missedNotices({ events: () => events.flat(), incident: () => now })
  expect(missed(over, taken(down))).toEqual([resolvedNotice(over, undefined)])
  expect(missed(over, taken(down), taken(call))).toEqual([resolvedNotice(over, parked)])
  expect(missed(over, taken(down), taken(resolvedNotice(over, undefined), 'resolved'))).toEqual([])
  expect([missed(row, taken(down)), missed(undefined, taken(down))]).toEqual([[], []])
})

test('what the journal says of a parking is checked', () => {
  expect([parkingIn(parked), parkingIn(undefined), parkingIn({ incident: 7, at: 5000 })]).toEqual([
    ...[parked, undefined, undefined],
  ])
})

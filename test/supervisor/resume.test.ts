import { expect, test } from 'vitest'
import type { KernelRow } from '../../src/journal/rows.ts'
import { resume } from '../../src/supervisor/resume.ts'

const row = (state: string, more: Partial<KernelRow> = {}): KernelRow => ({
  ...{ id: 'k', state, failures: 0, attempts: 0, starts: 1, facts: {}, at: 1 },
  ...more,
})
const at = (state: string, more: Partial<KernelRow> = {}, hasEvidence = true) =>
  resume(row(state, more), 3, hasEvidence).first

test('a kernel that is new is started', () => {
  expect(resume(undefined, 3, false)).toEqual({ first: { type: 'START' }, counters: {} })
})

test.each([
  ['stopped', 'start'],
  ['stopping', 'start'],
  ['running.settling', 'start'],
  ['running.steady', 'start'],
  ['starting', 'start'],
  ['restarting.backingOff', 'start'],
  ['restarting.booting', 'start'],
  ['failed.capturing', 'waiting'],
  ['failed.deciding', 'waiting'],
  ['quarantined.waiting', 'waiting'],
  ['quarantined.parked', 'parked'],
  ['repairing.proposing', 'waiting'],
  ['repairing.verifying', 'waiting'],
  ['repairing.applying', 'waiting'],
  ['rejoined.booting', 'rejoin'],
  ['rejoined.probation', 'rejoin'],
] as const)('a kernel that was %s goes on at %s', (state, point) => {
  expect(at(state)).toEqual({ type: 'RESUME', at: point })
  expect(resume(row(state), 3, true).why?.length).toBeGreaterThan(10)
})

test('a failure without evidence on disk is seen once more, on probation', () => {
  expect(at('failed.capturing', {}, false)).toEqual({ type: 'RESUME', at: 'rejoin' })
})

test('a stop during probation does not end the probation', () => {
  expect(at('stopped', { facts: { probation: true } })).toEqual({ type: 'RESUME', at: 'rejoin' })
})

test('failures are not forgotten by a restart of the process', () => {
  const { counters } = resume(row('running.settling', { failures: 2, starts: 3 }), 3, false)
  expect(counters).toMatchObject({ failures: 2, starts: 2 })
})

test('a start during which the process died is charged, until 1 + max of them are spent', () => {
  expect(resume(row('starting', { starts: 3 }), 3, false)).toMatchObject({
    first: { at: 'start' },
    counters: { starts: 3 },
  })
  expect(resume(row('starting', { starts: 4 }), 3, false)).toMatchObject({ first: { at: 'failed' }, diedInStart: true })
})

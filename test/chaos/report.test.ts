import { expect, test } from 'vitest'
import type { Defect } from '../../src/chaos/defects.ts'
import { defects } from '../../src/chaos/defects.ts'
import { original, problemsOf, type StressReport, type StressRow, surprises } from '../../src/chaos/report.ts'
import { compared } from '../../src/chaos/row.ts'

function row(change: Partial<StressRow> = {}): StressRow {
  const healedBy = change.healedBy ?? 'code'
  const expected = change.expected ?? healedBy
  return {
    ...{ defect: 'd', kernel: 'k', wave: 1, faults: 1, restarts: 0, tookMs: 10, state: 'running.steady' },
    ...{ healMs: 5000, ...change, healedBy, expected, asExpected: healedBy === expected },
  }
}

const again = row({ wave: 3, healedBy: 'playbook', healMs: 500, before: { healMs: 5000, timesFaster: 10 } })

/** A run in which everything held. */
function report(change: Partial<StressReport> = {}): StressReport {
  const rows = change.rows ?? [row(), again, again, again]
  return {
    kernels: { total: 20, running: 20, quarantined: 0, parked: 0, failed: 0 },
    faults: { injected: rows.length, healed: rows.length, asExpected: rows.filter((each) => each.asExpected).length },
    ...{ restarts: { total: 1, pastBudget: 0 }, incidents: 1, playbooks: { generated: 1, used: 3 } },
    healedBy: { code: 1, restart: 1, state: 1, config: 1, restore: 1, playbook: 3 },
    asks: { sent: 4, replied: 3, failed: 1, unsettled: 0 },
    messages: {
      ...{ accepted: 1, handled: 1, handledElsewhere: 0, handledTwice: 0, repeated: 0, deadLettered: 0, lost: 0 },
    },
    ...{ notRunning: [], silent: [], tookMs: 1, original, ...change, rows },
  }
}

test('a run in which everything held has no problems', () => {
  expect(problemsOf(report())).toEqual([])
})

test.each<[string, Partial<StressReport>, string]>([
  ['a start past the budget', { restarts: { total: 5, pastBudget: 1 } }, '1 starts past the restart budget'],
  ['an unsettled ask', { asks: { sent: 4, replied: 3, failed: 0, unsettled: 1 } }, '1 asks never settled'],
  [
    'a kernel that nobody accounts for',
    { kernels: { total: 20, running: 19, quarantined: 1, parked: 0, failed: 0 } },
    '1 kernels are neither running nor parked',
  ],
  [
    'a kernel that is parked and should not be',
    { kernels: { total: 20, running: 19, quarantined: 0, parked: 1, failed: 0 } },
    '1 kernels are parked, 0 were expected',
  ],
  ['five ways of healing', { healedBy: { a: 1, b: 1, c: 1, d: 1, e: 1 } }, '5 ways of healing were seen, 6 are needed'],
  [
    'a kernel that says it runs and does not answer',
    { silent: [{ kernel: 'vault', why: 'every method throws' }] },
    'vault does not answer at the end: every method throws',
  ],
  [
    'callers of whom too few were served',
    { asks: { sent: 100, replied: 74, failed: 26, unsettled: 0 } },
    '74 of 100 asks were replied to, 75 % are needed',
  ],
  [
    'two healings by playbook',
    { rows: [row(), again, again] },
    '2 failures healed by playbook in wave 3, 3 are needed',
  ],
  [
    'a playbook that is not five times as fast',
    { rows: [row(), again, again, { ...again, before: { healMs: 2450, timesFaster: 4.9 } }] },
    'd: healed in 500 ms by its playbook, 4.9 times faster; 5 times are needed',
  ],
  [
    'a row that did not end',
    {
      rows: [
        ...Array.from({ length: 20 }, () => row()),
        row({ expected: 'code', healedBy: 'not in time' }),
        again,
        again,
        again,
      ],
    },
    'd (k): expected code, was not in time',
  ],
])('%s is a problem', (_what, change, problem) => {
  expect(problemsOf(report(change))).toEqual([problem])
})

test('one row in ten may end in another way than expected: it is told, and no problem', () => {
  const rows = [
    ...Array.from({ length: 20 }, () => row()),
    row({ expected: 'state', healedBy: 'code' }),
    again,
    again,
    again,
  ]
  expect(problemsOf(report({ rows }))).toEqual([])
  expect(surprises(report({ rows }))).toEqual(['d (k): expected state, was code'])
  const many = [row({ expected: 'state', healedBy: 'code' }), again, again, again]
  expect(problemsOf(report({ rows: many }))).toEqual(['3 of 4 ended as expected, 90 % are needed'])
})

test('wave 3 is measured against the row of wave 1 that it names', () => {
  const table = [
    { name: 'slip', kernel: 'k', wave: 1, expected: 'code' },
    { name: 'slip again', kernel: 'k', wave: 3, expected: 'playbook', again: 'slip' },
  ] satisfies readonly Defect[]
  const rows = [
    row({ defect: 'slip', healMs: 6000 }),
    row({ defect: 'slip again', wave: 3, healedBy: 'playbook', healMs: 500 }),
  ]
  expect(compared(rows, table)[1]?.before).toEqual({ healMs: 6000, timesFaster: 12 })
  const never = [row({ defect: 'slip', expected: 'code', healedBy: 'parked' }), rows[1] as StressRow]
  expect(compared(never, table)[1]?.before).toBeUndefined()
})

test('the table is whole: eleven lasting defects on eleven kernels, two from the first boot, eleven faults, three that return', () => {
  const ofWave = (wave: number) => defects.filter((defect) => defect.wave === wave)
  expect(new Set(ofWave(1).map(({ kernel }) => kernel)).size).toBe(11)
  expect(ofWave(1).filter(({ fromBoot }) => fromBoot !== undefined)).toHaveLength(2)
  expect(ofWave(2)).toHaveLength(11)
  const first = ofWave(1).map(({ name }) => name)
  expect(ofWave(3).length).toBeGreaterThanOrEqual(3)
  for (const { again: name } of ofWave(3)) expect(first).toContain(name)
  expect(new Set(defects.map(({ name }) => name)).size).toBe(defects.length)
})

/** The bench of repairs: three cases from their failure in service to their row, and what its figures are judged by. */
import { expect, test } from 'vitest'
import { reportOf, shortfall, table } from '../../bench/repair/report.ts'
import type { Row } from '../../bench/repair/row.ts'
import { benchRepair } from '../../bench/repair.ts'
import { loadCases } from './bugs/cases.ts'

test('a case fails in service, is repaired or refused by the agents, and is judged by its hidden check', async () => {
  const names = ['config-percent-in-quotes', 'imports-package-missing', 'names-typo-in-rare-branch']
  const cases = loadCases().filter(({ name }) => names.includes(name))
  const told: string[] = []
  const rows = await benchRepair({ cases, alone: false, progress: (row) => told.push(row.case) })
  expect(rows).toMatchObject([
    { case: names[0], kind: 'config', outcome: 'repaired', agent: 'restore.config', healedBy: 'config' },
    { case: names[1], kind: 'imports', outcome: 'refused', mends: 'refused' },
    { case: names[2], kind: 'names', outcome: 'repaired', agent: 'language-service', healedBy: 'code' },
  ])
  expect(rows[1]?.reasons.join()).toContain('language-service: ')
  expect(told.toSorted()).toEqual(names)
  expect(rows.every(({ sandboxRuns }) => sandboxRuns > 0 || rows[1]?.sandboxRuns === sandboxRuns)).toBe(true)
  // A failure that was repaired is repaired again by the playbook it left.
  expect(rows[0]?.alone.playbook).toMatchObject({ outcome: 'repaired', agent: 'playbook' })
}, 120_000)

function rowsOf(outcomes: Partial<Record<Row['outcome'], number>>): Row[] {
  return Object.entries(outcomes).flatMap(([outcome, number]) =>
    Array.from({ length: number }, (_, index) => ({
      ...{ case: `names-${outcome}-${index}`, kind: 'names' as const, mends: 'repaired' as const },
      ...{ outcome: outcome as Row['outcome'], ms: 1000 * (index + 1), sandboxRuns: 3, reasons: [], alone: {} },
    })),
  )
}

test('seven of ten repaired are enough, six are not', () => {
  expect(shortfall(reportOf(rowsOf({ repaired: 7, refused: 3 })))).toBe(undefined)
  expect(shortfall(reportOf(rowsOf({ repaired: 6, refused: 4 })))).toBe('less than 70 % repaired')
})

test('one that is wrong is one too many', () => {
  const report = reportOf(rowsOf({ repaired: 9, wrong: 1 }))
  expect(shortfall(report)).toBe('1 wrong')
  expect(table(report, 'in a test')).toMatch(/wrong: passes its proof, and not the hidden check\n {2}names-wrong-0\n/)
})

test('the table keeps to 80 columns, whatever a reason says', () => {
  const [row] = rowsOf({ refused: 1 })
  const reasons = [`guard: ${'a long reason '.repeat(30)}`]
  const text = table(reportOf(row === undefined ? [] : [{ ...row, reasons }]), 'in a test')
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
})

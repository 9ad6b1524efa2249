import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Invoices } from './kernel.ts'

export default defineCheck<Invoices>(async ({ ask }) => {
  assert.equal(await ask.draw('R-1', [{ text: 'paper', cents: 1250, count: 2 }], '2026-02-20'), 2500)
  assert.equal(await ask.draw('R-2', [], '2026-03-02'), 0)
  await assert.rejects(ask.draw('R-1', [], '2026-03-02'), /exists/)
  assert.equal(await ask.total('R-1'), 2500)
  assert.equal(await ask.due('R-1'), '2026-03-06')
  assert.deepEqual(await ask.overdue('2026-03-06'), [])
  assert.deepEqual(await ask.overdue('2026-03-07'), ['R-1'])
  await ask.settle('R-1')
  assert.deepEqual(await ask.overdue('2026-03-07'), [])
  assert.deepEqual(await ask.open(), ['R-2'])
  await assert.rejects(ask.due('R-9'), /no invoice R-9/)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Numbers } from './kernel.ts'

export default defineCheck<Numbers>(async ({ ask }) => {
  assert.equal(await ask.last(), 'R-2026-0003')
  assert.equal(await ask.turnover(), '169.75 EUR')
  assert.equal(await ask.issue('cy', 0.25), 'R-2026-0004')
  assert.equal(await ask.turnover(), '170.00 EUR')
  await assert.rejects(ask.issue('cy', 0), /more than nothing/)
  assert.equal(await ask.closeYear(), '2026: 4 invoices, 170.00 EUR')
  assert.equal(await ask.last(), null)
  assert.equal(await ask.issue('cy', 5), 'R-2027-0001')
})

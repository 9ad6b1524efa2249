import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Invoices } from './kernel.ts'

export default defineCheck<Invoices>(async ({ ask }) => {
  assert.equal(await ask.draw('R-1', [{ text: 'paper', cents: 1250, count: 2 }], '2026-03-02'), 2500)
  assert.equal(await ask.due('R-1'), '2026-03-16')
})

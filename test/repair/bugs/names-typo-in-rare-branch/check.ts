import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Dunning } from './kernel.ts'

export default defineCheck<Dunning>(async ({ ask }) => {
  const text = await ask.letter({ customer: { name: 'Ada', city: 'Bonn' }, cents: 100, daysLate: 3 })
  assert.match(String(text), /^Dear Ada/)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Phone } from './kernel.ts'

export default defineCheck<Phone>(async ({ ask }) => {
  assert.deepEqual(await ask.rates(['DE', 'FR', 'US', 'XX', 'JP']), [90, 125, 150, null, 410])
  assert.equal(await ask.rate('JP'), 410)
  const calls = [
    { country: 'DE', minutes: 10 },
    { country: 'US', minutes: 3 },
    { country: 'XX', minutes: 9 },
  ]
  assert.equal(await ask.invoice(calls), 135)
  assert.equal(await ask.lookups(), 9)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Phone } from './kernel.ts'

export default defineCheck<Phone>(async ({ ask }) => {
  assert.equal(await ask.rate('DE'), 90)
  assert.deepEqual(await ask.rates(['FR', 'XX']), [125, null])
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Shipping } from './kernel.ts'

export default defineCheck<Shipping>(async ({ ask }) => {
  const { zone, cents } = await ask.quote('DE', { grams: 400, size: [10, 10, 10] })
  assert.equal(zone, 'home')
  assert.ok(cents > 0)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Shipping } from './kernel.ts'

export default defineCheck<Shipping>(async ({ ask }) => {
  const small = { grams: 400, size: [10, 10, 10] as [number, number, number] }
  assert.deepEqual(await ask.quote('DE', small), { zone: 'home', grams: 400, cents: 449 })
  assert.deepEqual(await ask.quote('FR', { ...small, grams: 2001 }), { zone: 'europe', grams: 2001, cents: 1459 })
  assert.deepEqual(await ask.quote('JP', { grams: 100, size: [50, 40, 30] }), {
    zone: 'world',
    grams: 12_000,
    cents: 11_140,
  })
  assert.deepEqual(await ask.cheapest(['JP', 'FR', 'DE'], small), {
    country: 'DE',
    zone: 'home',
    grams: 400,
    cents: 449,
  })
  assert.equal(await ask.cheapest([], small), null)
  assert.equal(await ask.quoted(), 6)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Dunning } from './kernel.ts'

export default defineCheck<Dunning>(async ({ ask }) => {
  const customer = { name: 'Dora', city: 'Köln' }
  assert.equal(await ask.letter({ customer, cents: 40_000, daysLate: 0 }), null)
  assert.equal(
    await ask.letter({ customer, cents: 40_000, daysLate: 14 }),
    'Dear Dora, did you overlook our invoice? Please pay 400.00 EUR.',
  )
  assert.equal(await ask.letter({ customer, cents: 40_000, daysLate: 15 }), 'Dear Dora, please pay 402.50 EUR within a week.')
  assert.equal(
    await ask.letter({ customer, cents: 40_000, daysLate: 31 }),
    'Dora, Köln: unless 405.00 EUR arrive within three days, we go to court.',
  )
  assert.deepEqual(await ask.counts(), [1, 1, 1, 1])
})

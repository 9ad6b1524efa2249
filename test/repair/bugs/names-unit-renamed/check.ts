import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { House } from './kernel.ts'

export default defineCheck<House>(async ({ ask }) => {
  await ask.charge('ada', 'rent', 100)
  await ask.credit('ada', 'deposit', 40)
  assert.equal(await ask.summary('ada'), 'rent, deposit: 60.00 EUR')
  assert.match(await ask.ledger('ada'), /^ada;2;/)
})

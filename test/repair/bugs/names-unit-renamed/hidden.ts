import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { House } from './kernel.ts'

export default defineCheck<House>(async ({ ask }) => {
  await ask.charge('ada', 'rent', 950.5)
  await ask.charge('ada', 'water', 30.25)
  await ask.charge('ben', 'rent', 0.1)
  await ask.charge('ben', 'water', 0.2)
  await ask.credit('ben', 'deposit', 0.3)
  assert.equal(await ask.ledger('ada'), 'ada;2;980.75')
  assert.equal(await ask.summary('ada'), 'rent, water: 980.75 EUR')
  assert.equal(await ask.ledger('ben'), 'ben;3;0.00')
  assert.deepEqual(await ask.debtors(), ['ada'])
  assert.equal(await ask.ledger('nobody'), 'nobody;0;0.00')
  await assert.rejects(ask.credit('ada', 'nothing', 0), /more than nothing/)
})

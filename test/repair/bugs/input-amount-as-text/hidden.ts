import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.load([
    { id: 1, account: 'rent', amount: '1200.5' },
    { id: 2, account: 'food', amount: '80.25', note: 'market' },
    { id: 3, account: 'rent', amount: '-200', note: null },
  ])
  assert.deepEqual(await ask.statement('rent'), ['#1 1200.50', '#3 -200.00'])
  assert.deepEqual(await ask.statement('food'), ['#2 80.25 market'])
  assert.deepEqual(await ask.balance(), { rent: 1000.5, food: 80.25 })
  await ask.load([{ id: 3, account: 'rent', amount: '0.10' }])
  assert.deepEqual(await ask.balance(), { rent: 1200.6, food: 80.25 }, 'a row of the same id replaces the older one')
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.join('a'), 'basic')
  assert.equal(await ask.join('b', 'team'), 'team')
  assert.deepEqual(await ask.bill('a', 1), { tenant: 'a', months: 1, cents: 900 })
  assert.deepEqual(await ask.bill('a', 12), { tenant: 'a', months: 12, cents: 9000 })
  assert.deepEqual(await ask.bill('b', 2), { tenant: 'b', months: 2, cents: 9800 })
  assert.equal(await ask.seatsLeft('a', 1), 2)
  await assert.rejects(ask.join('c', 'gold'))
  await assert.rejects(ask.bill('nobody', 1))
})

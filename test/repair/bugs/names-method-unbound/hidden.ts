import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Shop } from './kernel.ts'

export default defineCheck<Shop>(async ({ ask }) => {
  assert.equal(await ask.price(999, 'SPRING'), 900)
  assert.equal(await ask.price(4999, 'VIP'), 4999)
  assert.equal(await ask.price(5000, 'VIP'), 3750)
  assert.equal(await ask.price(5000, 'vip'), 5000)
  assert.equal(await ask.best(4999), 'SPRING')
  assert.equal(await ask.best(5000), 'VIP')
  assert.deepEqual(await ask.used(), [
    ['SPRING', 1],
    ['VIP', 1],
  ])
})

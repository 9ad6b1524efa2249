import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Orders } from './kernel.ts'

export default defineCheck<Orders>(async ({ ask }) => {
  await ask.order('o-1', 10_000, 19)
  await ask.order('o-2', 2495, 7)
  assert.equal(await ask.receipt('o-2'), 'o-2: 24.95 EUR, of which tax 1.63 EUR')
  assert.equal(await ask.refund('o-2', 50), 1248, 'half a cent goes up')
  assert.equal(await ask.refund('o-2', 100), 1247, 'never more than was paid')
  assert.equal(await ask.refund('o-1', 25), 2500)
  assert.equal(await ask.balance(), 7500)
  await assert.rejects(ask.refund('o-1', 0), /1 to 100/)
  await assert.rejects(ask.refund('o-9', 10), /no order o-9/)
})

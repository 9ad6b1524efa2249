import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Orders } from './kernel.ts'

export default defineCheck<Orders>(async ({ ask }) => {
  await ask.order('o-1', 10_000, 19)
  assert.equal(await ask.receipt('o-1'), 'o-1: 100.00 EUR, of which tax 15.97 EUR')
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Orders } from './kernel.ts'

export default defineCheck<Orders>(async ({ ask }) => {
  assert.equal(await ask.create('o-1', 'ada@example.com', 100), 'o-1')
  assert.equal(await ask.pay('o-1', 40), 60)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Shop } from './kernel.ts'

export default defineCheck<Shop>(async ({ ask }) => {
  assert.equal(await ask.price(1000, 'NONE'), 1000)
})

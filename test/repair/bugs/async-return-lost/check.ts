import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Parts } from './kernel.ts'

export default defineCheck<Parts>(async ({ ask }) => {
  await ask.stock('bolt', 12, 5)
  assert.equal((await ask.part('bolt')).cents, 12)
  assert.equal((await ask.quote([])).cents, 0)
})

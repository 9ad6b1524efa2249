import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Latency } from './kernel.ts'

export default defineCheck<Latency>(async ({ ask }) => {
  await ask.record('checkout', 7)
  await ask.record('checkout', 9000)
  assert.equal(await ask.slowest('checkout'), 9000)
})

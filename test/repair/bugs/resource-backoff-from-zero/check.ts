import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.deepEqual((await ask.plan({ firstMs: 100, factor: 2, longestMs: 400 })).delays, [100, 200, 400])
  assert.equal(await ask.fail('check', { firstMs: 100, factor: 2, longestMs: 400 }), 100)
})

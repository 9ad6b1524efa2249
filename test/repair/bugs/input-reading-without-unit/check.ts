import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.take({ sensor: 'a', value: 20, unit: 'C' }), 1)
  assert.equal(await ask.flush(), 1)
  assert.equal(await ask.mean('a'), 20)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.book('blue', 'Ann', 0, 3)
  assert.equal(await ask.nights('Ann'), 3)
  assert.deepEqual(await ask.list(), ['blue 0-3 Ann'])
})

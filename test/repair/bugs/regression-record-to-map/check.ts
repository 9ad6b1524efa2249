import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.login('c', 'ann'), 1)
  assert.equal(await ask.touch('c'), 1)
  assert.deepEqual(await ask.tokens(), ['c'])
  assert.equal(await ask.busiest(), 'ann 1')
  assert.equal(await ask.logout('c'), true)
})

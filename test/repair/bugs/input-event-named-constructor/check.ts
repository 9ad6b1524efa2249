import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.track('click', 5), 1)
  assert.equal(await ask.track('click', 7), 2)
  assert.equal((await ask.stats('click')).mean, 6)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.count('check', 4), 4)
  assert.equal(await ask.count('check', 2, 'annex'), 2)
  assert.equal(await ask.of('check', 'annex'), 2)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.write('plan', 'draft', 'Ann')
  assert.equal(await ask.read('plan', 'bob'), 'draft')
  assert.equal(await ask.revision('plan'), 1)
  assert.deepEqual(await ask.trail('bob'), ['bob read plan'])
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.accept('check', 'd1'), true)
  assert.equal(await ask.accept('check', 'd1'), false)
  assert.equal(await ask.accept('other', 'd1'), true)
  assert.equal(await ask.doubles(), 1)
})

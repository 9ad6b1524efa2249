import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Limits } from './kernel.ts'

export default defineCheck<Limits>(async ({ ask }) => {
  assert.equal(await ask.describe(), '2 calls in 60 s')
  assert.equal(await ask.take('alice', 0), true)
  assert.equal(await ask.take('alice', 10), true)
  assert.equal(await ask.take('alice', 20), false)
  assert.equal(await ask.left('alice', 20), 0)
  assert.equal(await ask.left('bob', 20), 2)
  assert.equal(await ask.take('alice', 60_005), true, 'the first call is out of the window')
  assert.equal(await ask.left('alice', 60_005), 0)
  assert.equal(await ask.left('alice', 60_011), 1)
})

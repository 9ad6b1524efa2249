import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Limits } from './kernel.ts'

export default defineCheck<Limits>(async ({ ask }) => {
  assert.equal(await ask.take('alice', 0), true)
  assert.ok((await ask.left('alice', 0)) >= 0)
})

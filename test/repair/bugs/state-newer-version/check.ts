import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Flags } from './kernel.ts'

export default defineCheck<Flags>(async ({ ask }) => {
  assert.equal(await ask.isOn('x'), false)
  await ask.set('x', true)
  assert.equal(await ask.isOn('x'), true)
})

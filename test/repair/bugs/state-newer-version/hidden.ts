import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Flags } from './kernel.ts'

export default defineCheck<Flags>(async ({ ask }) => {
  assert.deepEqual(await ask.all(), { search: false, checkout: true, beta: false }, 'what was switched is still so')
  assert.equal(await ask.set('checkout', true), false)
  assert.equal(await ask.set('checkout', false), true)
  assert.equal(await ask.isOn('checkout'), false)
  assert.equal(await ask.set('search', true), true)
  assert.equal(await ask.clear('search'), true)
  assert.equal(await ask.isOn('search'), false)
  assert.equal(await ask.clear('search'), false)
})

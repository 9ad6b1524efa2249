import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Categories } from './kernel.ts'

export default defineCheck<Categories>(async ({ ask }) => {
  assert.equal(await ask.path('saws'), 'all > garden > saws')
  assert.equal(await ask.path('tools'), 'all > tools')
  assert.deepEqual(await ask.below('all'), ['garden', 'saws', 'tools'], 'all are there')
  await ask.move('saws', 'tools')
  assert.equal(await ask.path('saws'), 'all > tools > saws')
  await assert.rejects(ask.move('tools', 'saws'), /saws is below tools/)
  await assert.rejects(ask.move('tools', 'tools'), /tools is below tools/)
  await assert.rejects(ask.path('x'), /no category x/)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Newsletters } from './kernel.ts'

export default defineCheck<Newsletters>(async ({ ask }) => {
  assert.equal(await ask.subscribe('cy@example.com', 'jobs', 1), true)
  assert.deepEqual(await ask.topics('cy@example.com'), ['jobs'])
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Reminders } from './kernel.ts'

export default defineCheck<Reminders>(async ({ ask }) => {
  assert.equal(await ask.add('water the plants', '2026-03-01'), 1)
  assert.deepEqual(await ask.due('2026-03-01'), ['water the plants'])
})

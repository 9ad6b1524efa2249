import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Bookings } from './kernel.ts'

export default defineCheck<Bookings>(async ({ ask }) => {
  assert.equal(await ask.book('2026-03-02', 'Ada'), '08:00')
  assert.deepEqual(await ask.patients('2026-03-02'), ['Ada'])
})

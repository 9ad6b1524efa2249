import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Roster } from './kernel.ts'

export default defineCheck<Roster>(async ({ ask }) => {
  await ask.assign('2026-03-02', 'ada')
  assert.equal((await ask.week('2026-03-02')).length, 7)
})

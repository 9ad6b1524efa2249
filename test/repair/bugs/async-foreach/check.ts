import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Measurements } from './kernel.ts'

export default defineCheck<Measurements>(async ({ ask }) => {
  assert.equal(await ask.ingest('plant-1', [{ at: 1, value: 5 }]), 1)
  assert.equal(await ask.mean('plant-1'), 5)
})

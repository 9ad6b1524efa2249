import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Measurements } from './kernel.ts'

export default defineCheck<Measurements>(async ({ ask }) => {
  const rows = [
    { at: 3, value: 30 },
    { at: 1, value: 10 },
    { at: 2, value: 5 },
  ]
  assert.equal(await ask.ingest('plant-7', rows), 3)
  assert.equal(await ask.mean('plant-7'), 15)
  assert.deepEqual(await ask.latest('plant-7'), { at: 3, value: 30 })
  assert.equal(await ask.ingest('plant-7', [{ at: 4, value: 0 }]), 1)
  assert.deepEqual(await ask.latest('plant-7'), { at: 4, value: 0 })
  assert.equal(await ask.ingest('plant-8', []), 0)
  assert.equal(await ask.mean('plant-8'), null)
  assert.deepEqual(await ask.sources(), ['plant-7', 'plant-8'])
})

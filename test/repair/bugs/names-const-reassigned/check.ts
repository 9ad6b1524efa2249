import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Hooks } from './kernel.ts'

export default defineCheck<Hooks>(async ({ ask }) => {
  await ask.enqueue('d-1', 'https://example.com', 0)
  assert.deepEqual(await ask.due(0), ['d-1'])
  assert.equal(await ask.report('d-1', true, 10), true)
  assert.deepEqual(await ask.due(10), [])
})

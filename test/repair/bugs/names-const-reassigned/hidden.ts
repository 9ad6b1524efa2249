import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Hooks } from './kernel.ts'

export default defineCheck<Hooks>(async ({ ask }) => {
  await ask.enqueue('d-1', 'https://example.com', 0)
  let now = 0
  for (const delay of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]) {
    assert.equal(await ask.report('d-1', false, now), true)
    assert.deepEqual(await ask.due(now + delay - 1), [], `not before ${delay} ms`)
    assert.deepEqual(await ask.due(now + delay), ['d-1'], `after ${delay} ms`)
    now += delay
  }
  assert.equal(await ask.report('d-1', false, now), true)
  assert.deepEqual(await ask.due(now + 1e9), [], 'eight attempts are enough')
  await ask.enqueue('d-2', 'https://example.com', 0)
  assert.equal(await ask.report('d-2', true, 0), true)
  assert.equal(await ask.report('d-3', false, 0), false)
  assert.deepEqual(await ask.stats(), { waiting: 0, delivered: 1, given: 1 })
})

/** What must hold for the limiter before it rejoins: points go down, are refused at the end, and are each caller's own. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { RateLimits } from './kernel.ts'

export default defineCheck<RateLimits>(async ({ ask }) => {
  const first = await ask.take('ann')
  assert.equal(first.allowed, true)
  assert.equal(first.retryInMs, 0)
  const points = first.remaining + 1
  assert.equal((await ask.take('bob', points)).remaining, 0, 'a caller has its own points, and may take all at once')
  assert.equal((await ask.take('ann')).remaining, points - 2)

  const much = await ask.take('ann', points)
  assert.deepEqual([much.allowed, much.remaining], [false, points - 2])
  assert.equal((await ask.take('ann')).remaining, points - 3, 'what is refused costs nothing')
  const none = await ask.take('bob')
  assert.deepEqual([none.allowed, none.remaining], [false, 0])
  assert.ok(none.retryInMs > 0, 'it says how long to wait')
  assert.deepEqual(await ask.stats(), { allowed: 4, refused: 2, callers: 2 })

  assert.equal(await ask.reset('bob'), true)
  assert.equal(await ask.reset('bob'), false)
  assert.equal((await ask.take('bob')).remaining, points - 1)
  await assert.rejects(ask.take(''))
  await assert.rejects(ask.take('ann', 0))
  await assert.rejects(ask.take('ann', points + 1), 'more than there ever is')
  assert.deepEqual(await ask.stats(), { allowed: 5, refused: 2, callers: 2 })
})

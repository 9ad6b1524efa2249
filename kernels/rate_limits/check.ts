/** What must hold for the rate limits before they rejoin. It reads the allowance from the first answer. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { RateLimits } from './kernel.ts'

export default defineCheck<RateLimits>(async ({ ask }) => {
  const before = await ask.stats()
  const first = await ask.take('check ann')
  assert.deepEqual(first, { allowed: true, remaining: first.remaining, retryInMs: 0 })
  const points = first.remaining + 1
  assert.ok(points > 3, 'the check needs an allowance of four points')

  assert.equal((await ask.take('check ann', 2)).remaining, points - 3, 'a request costs what it says')
  assert.equal((await ask.take('check bob')).remaining, points - 1, 'everybody has an allowance of their own')
  const dear = await ask.take('check ann', points)
  assert.equal(dear.allowed, false, 'what is too dear is refused')
  assert.equal(dear.remaining, points - 3, 'and costs nothing')
  assert.ok(dear.retryInMs > 0)
  assert.deepEqual(
    await ask.take('check ann', points - 3),
    { allowed: true, remaining: 0, retryInMs: 0 },
    'the last ones',
  )
  const spent = await ask.take('check ann')
  assert.equal(spent.allowed, false, 'one point past the allowance')
  assert.equal(spent.remaining, 0)
  assert.ok(spent.retryInMs > 0 && spent.retryInMs <= 86_400_000, 'it says when to come back')
  assert.equal((await ask.take('check bob')).allowed, true, 'that is no matter of anybody else')

  const after = await ask.stats()
  assert.equal(after.allowed - before.allowed, 5)
  assert.equal(after.refused - before.refused, 2)
  assert.equal(after.callers - before.callers, 2)

  assert.equal(await ask.reset('check ann'), true)
  assert.equal(await ask.reset('check ann'), false)
  assert.equal((await ask.take('check ann')).remaining, points - 1, 'a reset gives all points back')
  for (const cost of [0, -1, 1.5, Number.NaN, points + 1]) {
    await assert.rejects(ask.take('check ann', cost), `a cost of ${cost} must be refused`)
  }
  await assert.rejects(ask.take(''))
  await assert.rejects(ask.take('x'.repeat(201)))
  assert.equal((await ask.take('check ann')).remaining, points - 2, 'a bad request costs nothing')
})

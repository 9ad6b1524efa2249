import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const plan = async (firstMs, factor, longestMs) => (await ask.plan({ firstMs, factor, longestMs })).delays
  assert.deepEqual(await plan(100, 2, 1600), [100, 200, 400, 800, 1600])
  assert.deepEqual(await plan(100, 3, 1000), [100, 300, 900, 1000])
  assert.deepEqual(await plan(500, 2, 500), [500])
  const atOnce = await plan(0, 2, 300)
  assert.equal(atOnce.length, 12, 'a delay that does not grow is tried twelve times')
  assert.deepEqual([atOnce[0], atOnce[10], atOnce[11]], [0, 0, 300])
  const steady = await plan(50, 1, 300)
  assert.deepEqual([steady.length, steady[10], steady[11]], [12, 50, 300])
  await assert.rejects(ask.plan({ firstMs: 1, factor: 0.5, longestMs: 10 }))
  const policy = { firstMs: 10, factor: 10, longestMs: 100 }
  assert.deepEqual([await ask.fail('j', policy), await ask.fail('j', policy), await ask.fail('j', policy)], [10, 100, null])
  assert.deepEqual(await ask.failing(), ['j'])
})

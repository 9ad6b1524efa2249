import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  for (const value of [4, 1, 9]) await ask.track('load', value)
  await ask.track('click', 2)
  assert.deepEqual(await ask.stats('load'), { count: 3, mean: 4.67, median: 4, max: 9 })
  assert.deepEqual(await ask.top(5), ['load 3', 'click 1'])
  assert.equal(await ask.stats('constructor'), null)
  assert.equal(await ask.stats('absent'), null)
  await assert.rejects(ask.track('load', null))
  for (let n = 0; n < 120; n += 1) await ask.track('many', n)
  assert.deepEqual(await ask.stats('many'), { count: 120, mean: 69.5, median: 69.5, max: 119 })
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.deepEqual([await ask.of('bolt'), await ask.of('nut'), await ask.total()], [40, 2, 42], 'the old stock is there')
  assert.deepEqual(await ask.low(), ['nut'])
  assert.equal(await ask.move('bolt', 15, 'main', 'annex'), '15 bolt from main to annex')
  assert.deepEqual([await ask.of('bolt'), await ask.of('bolt', 'annex'), await ask.total()], [25, 15, 42])
  await assert.rejects(ask.move('bolt', 26, 'main', 'annex'))
  await assert.rejects(ask.count('nut', -3))
  assert.equal(await ask.count('nut', 3), 5)
  assert.deepEqual(await ask.low(), [])
})

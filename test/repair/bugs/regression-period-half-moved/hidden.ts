import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.book('blue', 'Ann', 0, 3)
  await ask.book('blue', 'Bob', 3, 4)
  await ask.book('red', 'Ann', 1, 9)
  await assert.rejects(ask.book('blue', 'Cleo', 2, 5))
  await assert.rejects(ask.book('blue', 'Cleo', 5, 5))
  assert.deepEqual(await ask.list(), ['blue 0-3 Ann', 'blue 3-4 Bob', 'red 1-9 Ann'])
  assert.equal(await ask.nights('Ann'), 11)
  assert.equal(await ask.nights('Nobody'), 0)
  assert.deepEqual([await ask.occupancy('blue', 10), await ask.occupancy('red', 5), await ask.occupancy('green', 5)], [40, 80, 0])
  assert.equal(await ask.cancel('blue', 0), true)
  assert.equal(await ask.cancel('blue', 0), false)
  assert.equal(await ask.occupancy('blue', 10), 10)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  for (let n = 0; n < 5; n += 1) {
    await assert.rejects(ask.render({ text: 'too long', width: 2 }), /does not fit/)
    await assert.rejects(ask.render({ text: 'x', width: 0 }), /1 to 80 wide/)
  }
  assert.equal(await ask.free(), 3)
  assert.equal(await ask.render({ text: 'abc', width: 6 }), '.abc..')
  assert.equal(await ask.render({ text: 'abc', width: 3 }), 'abc')
  assert.deepEqual(await ask.stats(), { rendered: 2, cells: 9 })
  assert.equal(await ask.free(), 3)
})

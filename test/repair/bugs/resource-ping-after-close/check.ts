import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.open('c', 'ann'), 1)
  assert.equal(await ask.send('c', 'hello'), 1)
  assert.deepEqual(await ask.who(), ['ann'])
  assert.equal(await ask.pause('c'), true)
})

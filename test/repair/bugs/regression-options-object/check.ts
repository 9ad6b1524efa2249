import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.post('Lift', 'out of order')
  assert.equal((await ask.print(0))[0], 'LIFT')
  assert.equal((await ask.layout()).indent, 0)
  assert.equal(await ask.preview('use the stairs, please'), 'use the')
})

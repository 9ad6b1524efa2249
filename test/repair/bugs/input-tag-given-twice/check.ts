import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.index('c', 'Red boots', ['red'])
  assert.deepEqual(await ask.search({ tag: 'Red ' }), ['Red boots'])
  assert.deepEqual(await ask.search({ text: 'hat' }), [])
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.publish('a')
  assert.deepEqual(await ask.export(), ['a'])
  assert.deepEqual(await ask.after(null), { titles: ['a'], next: null })
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Jobs } from './kernel.ts'

export default defineCheck<Jobs>(async ({ ask }) => {
  await ask.put('j-1', 'resize')
  assert.equal((await ask.take())?.id, 'j-1')
  assert.equal(await ask.release('j-1'), true)
  assert.deepEqual(await ask.waiting(), ['j-1'])
})

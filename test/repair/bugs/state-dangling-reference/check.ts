import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Desk } from './kernel.ts'

export default defineCheck<Desk>(async ({ ask }) => {
  await ask.join('x-1', 'x@example.com')
  await ask.report('t-8', 'x-1', 'Too warm')
  assert.ok((await ask.digest()).includes('t-8 Too warm (x@example.com)'))
})

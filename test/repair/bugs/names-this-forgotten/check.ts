import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Mails } from './kernel.ts'

export default defineCheck<Mails>(async ({ ask }) => {
  await ask.put('a', 'text')
  assert.equal(await ask.get('a'), 'text')
})

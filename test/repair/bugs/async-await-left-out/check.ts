import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { PriceLists } from './kernel.ts'

export default defineCheck<PriceLists>(async ({ ask }) => {
  await ask.publish('a', 'n-1;Pen;150')
  assert.equal(await ask.price('a', 'n-1'), 150)
  assert.match(String(await ask.checksum('a')), /^[0-9a-f]{16}$/)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Currencies } from './kernel.ts'

export default defineCheck<Currencies>(async ({ ask }) => {
  assert.equal(await ask.convert(100, 'EUR', 'EUR'), 100)
  assert.ok((await ask.list()).currencies.includes('CHF'))
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Customers } from './kernel.ts'

export default defineCheck<Customers>(async ({ ask }) => {
  await ask.register('x-1', 'Xenia', { street: 'Hof 1', zip: '07743', city: 'Jena' })
  assert.equal(await ask.label('x-1'), 'Xenia\nHof 1\n07743 Jena')
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Signer } from './kernel.ts'

export default defineCheck<Signer>(async ({ ask }) => {
  const headers = await ask.headers('{}', 1000)
  assert.equal(await ask.verify('{}', 1000, headers['x-signature'] ?? '', 1000), true)
})

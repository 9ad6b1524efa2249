import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Tenants } from './kernel.ts'

export default defineCheck<Tenants>(async ({ ask }) => {
  await ask.open('t-1', 'Ada')
  await ask.rename('t-1', 'Ada Ltd')
  assert.equal(await ask.name('t-1'), 'Ada Ltd')
})

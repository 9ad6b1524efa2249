import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Categories } from './kernel.ts'

export default defineCheck<Categories>(async ({ ask }) => {
  await ask.add('a', null)
  await ask.add('b', 'a')
  assert.equal(await ask.path('b'), 'a > b')
})

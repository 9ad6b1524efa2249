import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Templates } from './kernel.ts'

export default defineCheck<Templates>(async ({ ask }) => {
  assert.deepEqual(await ask.define('hello', 'Hello {name}'), ['name'])
  assert.equal(await ask.preview('hello'), 'Hello {name}')
})

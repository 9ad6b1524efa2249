import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Texts } from './kernel.ts'

export default defineCheck<Texts>(async ({ ask }) => {
  await ask.put('a.txt', 'hello')
  const tag = await ask.etag('a.txt')
  assert.match(tag, /^"[\w-]{16}"$/)
  assert.equal(await ask.changed('a.txt', tag), false)
})

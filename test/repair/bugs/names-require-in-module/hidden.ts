import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { defineCheck } from 'lazaret/kernel'
import type { Texts } from './kernel.ts'

export default defineCheck<Texts>(async ({ ask }) => {
  await ask.put('a.txt', 'hello')
  await ask.put('b.md', 'hello')
  await ask.put('c', '')
  const expected = createHash('sha256').update('hello').digest('base64url').slice(0, 16)
  assert.equal(await ask.etag('a.txt'), `"${expected}"`)
  assert.equal(await ask.etag('b.md'), `"${expected}"`)
  assert.notEqual(await ask.etag('c'), `"${expected}"`)
  assert.equal(await ask.changed('a.txt', `"${expected}"`), false)
  await ask.put('a.txt', 'hello!')
  assert.equal(await ask.changed('a.txt', `"${expected}"`), true)
  assert.deepEqual(await ask.head('b.md'), { type: 'text/markdown', bytes: 5 })
  await assert.rejects(ask.etag('d'), /no d/)
})

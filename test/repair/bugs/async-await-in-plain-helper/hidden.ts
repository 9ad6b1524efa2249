import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { defineCheck } from 'lazaret/kernel'
import type { Signer } from './kernel.ts'

export default defineCheck<Signer>(async ({ ask }) => {
  const signature = `v1=${createHmac('sha256', 's3cret').update('1000.{"a":1}').digest('hex')}`
  assert.deepEqual(await ask.headers('{"a":1}', 1000), { 'x-timestamp': '1000', 'x-signature': signature })
  assert.equal(await ask.verify('{"a":1}', 1000, signature, 301_000), true)
  assert.equal(await ask.verify('{"a":1}', 1000, signature, 301_001), false)
  assert.equal(await ask.verify('{"a":2}', 1000, signature, 1000), false)
  assert.equal(await ask.verify('{"a":1}', 1001, signature, 1000), false)
  assert.equal(await ask.signed(), 1)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.put('check', { sku: 'tea', cents: 450, count: 2 })
  assert.deepEqual(await ask.total('check'), { cents: 900, currency: 'EUR' })
  assert.equal(await ask.take('check', 'tea'), 0)
})

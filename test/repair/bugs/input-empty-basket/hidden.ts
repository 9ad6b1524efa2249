import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.put('h', { sku: 'tea', cents: 450, count: 2, grams: 100 })
  await ask.put('h', { sku: 'cup', cents: 1200, count: 1, grams: 350 })
  assert.equal(await ask.put('h', { sku: 'tea', cents: 450, count: 1, grams: 100 }), 2)
  assert.deepEqual(await ask.total('h'), { cents: 2550, currency: 'EUR' })
  assert.equal(await ask.weight('h'), 650)
  await ask.take('h', 'tea')
  await ask.take('h', 'cup')
  assert.deepEqual(await ask.total('h'), { cents: 0, currency: 'EUR' }, 'an empty basket costs nothing, in its currency')
  assert.equal(await ask.weight('h'), 0)
  await assert.rejects(ask.total('none'))
})

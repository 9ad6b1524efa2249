import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.price('tea-1', 450)
  const all = async () => [await ask.quote('tea-1', 'EUR'), await ask.quote('TEA-1', 'USD'), await ask.quote('tea-1', 'JPY')]
  const quotes = [{ currency: 'EUR', amount: 4.5 }, { currency: 'USD', amount: 4.95 }, { currency: 'JPY', amount: 720 }]
  assert.deepEqual(await all(), quotes)
  assert.deepEqual(await all(), quotes, 'from the cache')
  assert.ok((await ask.cached()) >= 3, 'each currency is kept')
  await ask.price('Tea-1', 900)
  assert.deepEqual((await all()).map(({ amount }) => amount), [9, 9.9, 1440], 'a new price holds in every currency')
  await assert.rejects(ask.quote('tea-1', 'XXX'))
  await assert.rejects(ask.quote('none', 'EUR'))
})

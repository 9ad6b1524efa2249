import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.price('c', 1000)
  assert.deepEqual(await ask.quote('c', 'EUR'), { currency: 'EUR', amount: 10 })
  await ask.price('c', 2000)
  assert.deepEqual(await ask.quote('c', 'EUR'), { currency: 'EUR', amount: 20 })
})

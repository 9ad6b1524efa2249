import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.open('check', 'Ann', [{ sku: 'pan', cents: 6500, count: 1, grams: 900 }])
  const { goods, shipping, total } = await ask.totals('check')
  assert.deepEqual([goods, shipping, total], [6500, 0, 6500])
  assert.equal(await ask.pay('check', 6500), 'check is paid')
  assert.equal((await ask.send('check')).grams, 900)
})

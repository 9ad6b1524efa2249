import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const tea = (count) => ({ sku: 'tea', cents: 450, count, grams: 100 })
  assert.deepEqual(await ask.open('a', 'Ann', [tea(2)], 'SPRING'), { goods: 900, discount: 90, shipping: 490, total: 1300 })
  assert.deepEqual(await ask.open('b', 'Bob', [tea(12)], 'FIVER'), { goods: 5400, discount: 500, shipping: 490, total: 5390 })
  assert.deepEqual(await ask.open('c', 'Cleo', [tea(1)], 'FIVER'), { goods: 450, discount: 450, shipping: 490, total: 490 })
  await assert.rejects(ask.open('d', 'Dan', [tea(1)], 'AUTUMN'))
  assert.deepEqual(await ask.receipt('a'), ['Ann, order a', '2 x tea 9.00 EUR', 'goods 9.00 EUR', 'discount -0.90 EUR', 'shipping 4.90 EUR', 'total 13.00 EUR'])
  await assert.rejects(ask.send('a'))
  await assert.rejects(ask.pay('a', 1390))
  await ask.pay('a', 1300)
  assert.deepEqual(await ask.send('a'), { id: 'a', grams: 200, parcels: 1 })
  await ask.open('e', 'Eve', [{ sku: 'anvil', cents: 9000, count: 3, grams: 15_000 }, { sku: 'card', cents: 100, count: 1 }])
  await ask.pay('e', 27_100)
  assert.deepEqual(await ask.send('e'), { id: 'e', grams: 45_000, parcels: 3 })
})

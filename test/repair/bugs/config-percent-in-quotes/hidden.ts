import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.deepEqual(await ask.total([{ name: 'rope', cents: 1050, count: 3 }]), { net: 3150, tax: 599, gross: 3749 })
  await ask.draft('h', [{ name: 'rope', cents: 1000, count: 2 }, { name: 'cleat', cents: 450, count: 1 }])
  assert.equal(
    await ask.print('h'),
    'Harbour Supplies, invoice h\n2 x rope 20.00 EUR\n1 x cleat 4.50 EUR\nnet 24.50 EUR\ntax 19.0 % 4.66 EUR\ntotal 29.16 EUR',
  )
  await assert.rejects(ask.draft('h', []))
  await assert.rejects(ask.print('none'))
})

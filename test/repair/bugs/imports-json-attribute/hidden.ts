import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Currencies } from './kernel.ts'

export default defineCheck<Currencies>(async ({ ask }) => {
  assert.equal(await ask.convert(10_000, 'EUR', 'CHF'), 9541)
  assert.equal(await ask.convert(10_825, 'USD', 'EUR'), 10_000)
  assert.equal(await ask.convert(250, 'EUR', 'JPY'), 406)
  assert.equal(await ask.format(123_456, 'EUR'), '1,234.56 EUR')
  assert.equal(await ask.format(90_000, 'JPY'), '90,000 JPY')
  assert.deepEqual(await ask.list(), { month: '2026-02', currencies: ['CHF', 'EUR', 'JPY', 'USD'] })
  await assert.rejects(ask.convert(1, 'EUR', 'XXX'), /no rate for XXX/)
})

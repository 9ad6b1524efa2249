import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Parts } from './kernel.ts'

export default defineCheck<Parts>(async ({ ask }) => {
  await ask.stock('bolt', 12, 500)
  await ask.stock('plate', 955, 3)
  assert.deepEqual(await ask.quote([{ name: 'bolt', count: 99 }, { name: 'plate', count: 1 }]), {
    lines: [
      { name: 'bolt', count: 99, cents: 1188 },
      { name: 'plate', count: 1, cents: 955 },
    ],
    cents: 2143,
  })
  assert.equal((await ask.quote([{ name: 'bolt', count: 100 }])).cents, 1080)
  await assert.rejects(ask.quote([{ name: 'nut', count: 1 }]), /no part nut/)
  assert.deepEqual(await ask.low(4), ['plate'])
})

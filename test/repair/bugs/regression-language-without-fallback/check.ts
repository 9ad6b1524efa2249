import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.pay('ann', 1250, '2026-05-01', 'rent')
  assert.equal(await ask.mail('ann'), 'ann: 1 payments\n2026-05-01  EUR 12.50')
  assert.equal(await ask.mail('ann', 'de', { total: true }), 'ann: 1 payments\n2026-05-01  12,50 EUR\ntotal  12,50 EUR')
})

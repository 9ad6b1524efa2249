import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.pay('ann', 1250, '2026-05-01', 'rent')
  await ask.pay('ann', 5, '2026-05-02')
  await ask.pay('bob', 100, '2026-05-02')
  assert.equal(await ask.mail('ann', 'nl'), 'ann: 2 payments\n2026-05-01  EUR 12.50\n2026-05-02  EUR 0.05')
  assert.equal(await ask.mail('ann', 'pl', { total: true }).then((text) => text.split('\n').at(-1)), 'total  EUR 12.55')
  assert.equal(await ask.mail('bob', 'fr'), 'bob: 1 payments\n2026-05-02  1,00 €')
  assert.equal(await ask.mail('ann', 'de', { notes: true }), 'ann: 2 payments\n2026-05-01  12,50 EUR  rent\n2026-05-02  0,05 EUR')
  assert.equal(await ask.mail('nobody', 'en'), 'nobody: 0 payments')
  assert.deepEqual(await ask.languages(), ['de', 'en', 'fr'])
  assert.equal(await ask.sum('ann'), 1255)
  await assert.rejects(ask.pay('ann', 0, '2026-05-03'))
})

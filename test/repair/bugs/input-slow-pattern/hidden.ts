import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  for (const label of ['a', 'north.site-4', 'x9-', '0.1.2']) await ask.register(label, { owner: 'ann' })
  for (const label of ['', 'A', '.a', 'a..b', 'a b', 'a_b']) await assert.rejects(ask.register(label, { owner: 'ann' }), label)
  await assert.rejects(ask.register('a', { owner: 'bob' }))
  await ask.hand('a', 'bob')
  assert.deepEqual(await ask.owned('bob'), ['a'])
  assert.deepEqual(await ask.find('n'), ['north.site-4'])
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.deepEqual(await ask.register('check-1', { owner: 'ann' }), { label: 'check-1', owner: 'ann' })
  await assert.rejects(ask.register('no spaces', { owner: 'ann' }))
})

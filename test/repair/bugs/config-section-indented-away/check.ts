import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.enqueue('check', 'ann@example.org', 'Hi')
  assert.equal((await ask.envelope('check')).to, 'ann@example.org')
  assert.equal((await ask.status('check')).attempts, 0)
})

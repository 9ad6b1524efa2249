import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.load([{ id: 1, account: 'rent', amount: '5' }]), 1)
  assert.deepEqual(await ask.accounts(), ['rent'])
})

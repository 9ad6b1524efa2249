import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.join('check', 'team')
  assert.equal((await ask.bill('check', 1)).cents, 4900)
  assert.equal(await ask.seatsLeft('check', 5), 15)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const total = await ask.total([{ name: 'rope', cents: 1000, count: 1 }])
  assert.equal(total.net, 1000)
  await ask.draft('check', [{ name: 'rope', cents: 1000, count: 1 }])
  assert.deepEqual(await ask.drafts(), ['check'])
})

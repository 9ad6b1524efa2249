import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const link = await ask.link('/a.pdf', 1000)
  assert.equal(await ask.verify(link, 1001), true)
  assert.equal(await ask.verify(link, 9999), false)
})

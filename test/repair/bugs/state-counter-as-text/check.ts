import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Numbers } from './kernel.ts'

export default defineCheck<Numbers>(async ({ ask }) => {
  const number = await ask.issue('ada', 10)
  assert.equal(await ask.last(), number)
  assert.match(await ask.turnover(), /EUR$/)
})

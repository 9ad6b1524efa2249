import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const { rows, progress } = await ask.run('check', ['sales'])
  assert.equal(rows, 50)
  assert.equal(progress.length, 1)
})

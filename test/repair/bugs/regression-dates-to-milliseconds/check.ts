import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.lend('dune', 'ann', '2026-03-01'), '2026-03-15')
  assert.deepEqual(await ask.overdue('2026-03-16'), ['dune (ann)'])
  assert.equal(await ask.giveBack('dune'), 0)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.lend('dune', 'ann', '2026-02-20'), '2026-03-06')
  await ask.lend('emma', 'bob', '2026-03-10')
  await assert.rejects(ask.lend('emma', 'ann', '2026-03-11'))
  assert.deepEqual(await ask.overdue('2026-03-06'), [])
  assert.deepEqual(await ask.overdue('2026-03-07'), ['dune (ann)'])
  assert.deepEqual(await ask.readers(), ['ann', 'bob'])
  assert.equal(await ask.giveBack('dune', '2026-03-09'), 60, 'three days late')
  assert.equal(await ask.giveBack('emma', '2026-03-24'), 0, 'on the day')
  await assert.rejects(ask.giveBack('emma', '2026-03-24'))
})

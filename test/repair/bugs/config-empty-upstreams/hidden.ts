import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const round = []
  for (let n = 0; n < 4; n += 1) round.push(await ask.choose({}))
  assert.deepEqual(round, ['alpha.internal', 'alpha.internal', 'beta.internal', 'alpha.internal'])
  const stuck = new Set()
  for (let n = 0; n < 5; n += 1) stuck.add(await ask.choose({ 'x-account': '17' }))
  assert.equal(stuck.size, 1, 'one account, one host')
  const loads = await ask.loads()
  assert.equal(Object.values(loads).reduce((sum, each) => sum + each, 0), 9)
  await ask.reset()
  assert.deepEqual(await ask.loads(), {})
})

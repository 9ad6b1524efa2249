import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.write('plan', 'draft', ' Ann ')
  await ask.write('plan', 'better draft')
  assert.equal(await ask.read('plan'), 'better draft')
  assert.equal(await ask.revision('plan'), 2)
  assert.equal(await ask.read('plan', 'bob'), 'better draft')
  assert.deepEqual(await ask.trail('ann'), ['ann wrote plan (1)'])
  assert.equal(await ask.remove('plan'), true)
  assert.deepEqual(await ask.trail(), ['ann wrote plan (1)', 'somebody wrote plan (2)', 'somebody read plan', 'bob read plan', 'somebody removed plan'])
  assert.deepEqual(await ask.trail('nobody'), [])
  await assert.rejects(ask.read('plan', 'bob'))
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.deepEqual(await ask.jobs(), ['digest', 'export', 'sweep'])
  assert.equal(await ask.isDue('sweep', { minute: 15, hour: 1, day: 1, month: 1, weekday: 1 }), true)
  assert.equal(await ask.isDue('sweep', { minute: 16, hour: 1, day: 1, month: 1, weekday: 1 }), false)
})

import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.render({ text: 'ab', width: 4 }), '.ab.')
  assert.deepEqual(await ask.stats(), { rendered: 1, cells: 4 })
  await assert.rejects(ask.render({ text: 'too long', width: 2 }))
})

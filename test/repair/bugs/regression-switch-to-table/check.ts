import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.run({ kind: 'insert', text: 'hello' }), 'hello')
  assert.equal(await ask.run({ kind: 'replace', text: 'j', at: 0 }), 'jello')
  assert.equal(await ask.undo(), 'hello')
  await assert.rejects(ask.run({ kind: 'rotate' }))
})

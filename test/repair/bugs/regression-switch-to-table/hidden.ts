import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.deepEqual(await ask.kinds(), ['insert', 'delete', 'upper-case', 'replace'])
  await ask.run({ kind: 'insert', text: 'a long day' })
  assert.equal(await ask.run({ kind: 'upper-case', at: 2, count: 4 }), 'a LONG day')
  assert.equal(await ask.run({ kind: 'replace', at: 2, count: 4, text: 'short' }), 'a short day')
  assert.equal(await ask.run({ kind: 'delete', at: 1, count: 6 }), 'a day')
  assert.equal(await ask.runAll([{ kind: 'upper-case', at: 0 }, { kind: 'insert', text: '!' }]), 'A day!')
  await assert.rejects(ask.runAll([{ kind: 'insert', text: '?' }, { kind: 'rotate' }]))
  await assert.rejects(ask.run({ kind: 'upperCase', at: 0 }), 'a name that clients never had')
  assert.equal(await ask.text(), 'A day!')
  assert.equal(await ask.undo(), 'a day', 'several at once are undone at once')
})

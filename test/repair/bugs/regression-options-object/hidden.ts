import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.post('Lift', 'out of order until Friday')
  assert.deepEqual(await ask.print(0), ['LIFT', 'out of order', 'until Friday'])
  assert.deepEqual(await ask.print(0, 2), ['LIFT', '  out of', '  order', '  until', '  Friday'])
  assert.deepEqual(await ask.index(), ['Lift......25'])
  assert.equal(await ask.preview('please use the stairs'), 'please use')
  assert.equal(await ask.preview('stairs'), 'stairs')
  assert.equal(await ask.preview(''), '')
  assert.deepEqual(await ask.layout(), { width: 12, indent: 0 })
  await assert.rejects(ask.print(7))
})

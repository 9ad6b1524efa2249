import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  await ask.open('a', 'ann')
  await ask.open('b', 'bob')
  await ask.send('a', 'one')
  await later(80)
  assert.equal(await ask.pinged('a'), true, 'an open connection is pinged')
  assert.equal(await ask.pinged('b'), true)
  assert.deepEqual(await ask.close('a'), ['one'])
  assert.deepEqual(await ask.who(), ['bob'])
  await later(60)
  await ask.open('a', 'ann')
  assert.equal(await ask.pause('a'), true)
  await later(60)
  assert.equal(await ask.pinged('a'), false, 'nothing of the first connection pings the second')
  await assert.rejects(ask.close('none'))
  await ask.close('a')
  await ask.close('b')
  await later(40)
})

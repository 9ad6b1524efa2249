import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.busiest(), null)
  for (const [token, user] of [['1', 'ann'], ['2', 'bob'], ['3', 'cleo']]) await ask.login(token, user)
  await ask.touch('1')
  await ask.touch('3')
  assert.equal(await ask.touch('1'), 2)
  assert.equal(await ask.busiest(), 'ann 2')
  assert.equal(await ask.login('4', 'dan'), 3, 'the oldest makes room')
  assert.deepEqual(await ask.tokens(), ['3', '1', '4'])
  await assert.rejects(ask.touch('2'))
  await ask.logout('1')
  assert.equal(await ask.busiest(), 'cleo 1')
  assert.equal(await ask.logout('1'), false)
})

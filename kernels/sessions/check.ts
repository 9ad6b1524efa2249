/** What must hold for the sessions before they rejoin. There are none here at first. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Sessions } from './kernel.ts'

export default defineCheck<Sessions>(async ({ ask }) => {
  assert.equal(await ask.count(), 0)
  assert.equal(await ask.user('never opened'), null)
  assert.equal(await ask.user(''), null)
  const ann = await ask.open('ann')
  const bob = await ask.open('bob')
  assert.ok(ann.expiresAt > Date.now(), 'it lasts for a while')
  assert.ok(ann.token.length >= 40, 'a token cannot be guessed')
  assert.notEqual(ann.token, bob.token)
  assert.equal(await ask.user(ann.token), 'ann')
  assert.equal(await ask.user(bob.token), 'bob')
  assert.equal(await ask.user(ann.token.slice(0, -1)), null, 'a part of a token is none')
  const second = await ask.open('ann')
  assert.equal(await ask.user(ann.token), 'ann', 'a user may have several')
  assert.equal(await ask.count(), 3)

  assert.equal(await ask.close(ann.token), true)
  assert.equal(await ask.close(ann.token), false)
  assert.equal(await ask.user(ann.token), null, 'what is closed lets nobody in')
  assert.equal(await ask.user(second.token), 'ann')
  assert.equal(await ask.count(), 2)
  assert.equal(await ask.closeAll('ann'), 1, 'the closed one does not count')
  assert.equal(await ask.user(second.token), null)
  assert.equal(await ask.user(bob.token), 'bob', 'the others stay')
  assert.equal(await ask.closeAll('ann'), 0)

  await assert.rejects(ask.open(''))
  await assert.rejects(ask.open(' '))
  await assert.rejects(ask.open('x'.repeat(201)))
  await assert.rejects(ask.user('x'.repeat(201)))
  assert.equal(await ask.count(), 1, 'what is refused leaves no trace')

  const first = await ask.open('many')
  for (let n = 0; n < 1000; n++) await ask.open('many')
  assert.equal(await ask.user(first.token), null, 'one user cannot fill the house')
  assert.equal(await ask.user(bob.token), 'bob')
  assert.equal(await ask.count(), (await ask.closeAll('many')) + 1)
  assert.equal(await ask.close(bob.token), true)
  assert.equal(await ask.count(), 0)
})

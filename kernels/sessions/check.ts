/** What must hold for the sessions before they rejoin. None is open here at first. It expects ten a user at most. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Sessions } from './kernel.ts'

export default defineCheck<Sessions>(async ({ ask }) => {
  assert.equal(await ask.count(), 0)
  const from = Date.now()
  const ann = await ask.open('check ann')
  const bob = await ask.open('check bob')
  const second = await ask.open('check ann')
  assert.match(ann.token, /^[\w-]{43}$/, 'a token is too long to be guessed')
  assert.equal(new Set([ann.token, bob.token, second.token]).size, 3, 'no token is given twice')
  assert.ok(ann.expiresAt > from + 999, 'a session lives a second at least')
  assert.equal(await ask.count(), 3)
  assert.equal(await ask.user(ann.token), 'check ann')
  assert.equal(await ask.user(bob.token), 'check bob')
  assert.equal(await ask.user(second.token), 'check ann')

  for (const wrong of ['', 'x', `${bob.token}x`, bob.token.slice(1), bob.token.toUpperCase(), 'A'.repeat(43)]) {
    assert.equal(await ask.user(wrong), null, 'a token that was not given is nobody')
    assert.equal(await ask.close(wrong), false)
  }
  assert.equal(await ask.close(ann.token), true)
  assert.equal(await ask.close(ann.token), false)
  assert.equal(await ask.user(ann.token), null, 'what is closed lets nobody in')
  assert.equal(await ask.user(second.token), 'check ann', 'one session ends, not all of a user')
  assert.equal(await ask.count(), 2)

  await assert.rejects(ask.open(''), 'nobody cannot log in')
  await assert.rejects(ask.open('x'.repeat(201)))
  await assert.rejects(ask.user(7 as never))
  assert.equal(await ask.count(), 2, 'what was refused leaves no trace')

  await ask.open('check ann')
  assert.equal(await ask.user(second.token), 'check ann') // used: the other one is the older one now
  for (let n = 0; n < 9; n++) await ask.open('check ann')
  assert.equal(await ask.count(), 11, 'ten sessions a user, and the other one')
  assert.equal(await ask.user(second.token), 'check ann', 'the session used longest ago ends, not this one')
  assert.equal(await ask.user(bob.token), 'check bob', 'one user does not push another out')
})

/** What must hold for the policy before it rejoins. The names are made up, so that no rule of fleet.yaml covers them. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Policy } from './kernel.ts'

export default defineCheck<Policy>(async ({ ask }) => {
  const before = await ask.rules()
  const [who, what] = ['check:ann', 'check/plans/7']
  const rule = (id: string, more: object = {}) => ({ id, who, action: 'check-write', what, ...more })
  assert.deepEqual(
    await ask.explain(who, 'check-write', what),
    { allowed: false, rule: null },
    'what no rule speaks about',
  )

  assert.deepEqual(await ask.grant(rule('check 1')), { ...rule('check 1'), effect: 'allow' })
  assert.deepEqual(await ask.explain(who, 'check-write', what), { allowed: true, rule: 'check 1' })
  assert.equal(await ask.allowed(who, 'check-write', what), true)
  for (const [other, action, thing] of [
    ['check:bob', 'check-write', what],
    ['check:ann2', 'check-write', what],
    [who, 'check-writes', what],
    [who, 'check-write', 'check/plans/77'],
    [who, 'check-write', 'check/plans'],
  ] as const) {
    assert.equal(await ask.allowed(other, action, thing), false, `${other} ${action} ${thing}`)
  }

  await ask.grant(rule('check 2', { who: 'check:*', action: 'check-read', what: 'check/*' }))
  assert.equal(await ask.allowed('check:bob', 'check-read', 'check/x'), true, 'a star covers what begins so')
  assert.equal(await ask.allowed('check:bob', 'check-read', 'chec'), false, 'and nothing else')
  assert.equal(await ask.allowed('check:bob', 'check-write', 'check/x'), false)
  await ask.grant(rule('check 3', { effect: 'deny', action: 'check-*', what: 'check/plans/*' }))
  assert.deepEqual(
    await ask.explain(who, 'check-write', what),
    { allowed: false, rule: 'check 3' },
    'a denial is stronger',
  )
  assert.equal(await ask.allowed(who, 'check-read', 'check/x'), true, 'and reaches as far as it says')

  await assert.rejects(ask.grant(rule('check 1')), 'an id is given once')
  const wrong = [{ id: '' }, { effect: 'maybe' }, { who: 'a*b' }, { action: undefined }, { what: '' }, { role: 'x' }]
  for (const each of wrong) await assert.rejects(ask.grant(rule('check 4', each)), `refuse ${JSON.stringify(each)}`)
  await assert.rejects(ask.allowed('', 'check-write', what), 'nobody is not somebody')

  for (const id of ['check 3', 'check 2', 'check 1']) assert.equal(await ask.revoke(id), true)
  assert.equal(await ask.revoke('check 1'), false)
  assert.equal(await ask.allowed(who, 'check-write', what), false, 'what was revoked holds no more')
  for (const { id, from } of before) if (from !== 'granted') await assert.rejects(ask.revoke(id), 'it is fixed')
  assert.deepEqual(await ask.rules(), before, 'nothing is left behind')
})

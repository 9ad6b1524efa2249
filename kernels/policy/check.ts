/** What must hold for the policy before it rejoins. The configuration may hold rules: these are about names of its own. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Policy } from './kernel.ts'

export default defineCheck<Policy>(async ({ ask }) => {
  const before = await ask.rules()
  assert.ok(before.every((rule) => rule.fixed))
  const ofAnn = { id: 'check ann', who: ['check:ann'], action: ['write', 'read'], what: ['check/notes/*'] }

  assert.equal(await ask.allowed('check:ann', 'write', 'check/notes/1'), false, 'what no rule allows is denied')
  assert.deepEqual(await ask.explain('check:ann', 'write', 'check/notes/1'), { allowed: false, rule: null })
  assert.deepEqual(await ask.grant(ofAnn), { id: 'check ann', replaced: false })
  assert.equal(await ask.allowed('check:ann', 'write', 'check/notes/1'), true)
  assert.equal(await ask.allowed('check:ann', 'read', 'check/notes/'), true)
  assert.deepEqual(await ask.explain('check:ann', 'write', 'check/notes/1'), { allowed: true, rule: 'check ann' })
  assert.equal(await ask.allowed('check:anna', 'write', 'check/notes/1'), false, 'a name is no beginning of a name')
  assert.equal(await ask.allowed('check:ann', 'erase', 'check/notes/1'), false)
  assert.equal(await ask.allowed('check:ann', 'write', 'check/notes'), false)
  assert.equal(await ask.allowed('check:ann', 'write', 'other/check/notes/1'), false)

  const nobody = { id: 'check shut', effect: 'deny' as const, who: ['*'], action: ['*'], what: ['check/notes/locked*'] }
  await ask.grant(nobody)
  assert.deepEqual(
    await ask.explain('check:ann', 'write', 'check/notes/locked-1'),
    { allowed: false, rule: 'check shut' },
    'denying wins, also over what was allowed before it',
  )
  assert.equal(await ask.allowed('check:ann', 'write', 'check/notes/1'), true)
  assert.deepEqual(await ask.grant({ ...ofAnn, action: ['read'] }), { id: 'check ann', replaced: true })
  assert.equal(await ask.allowed('check:ann', 'write', 'check/notes/1'), false, 'what a replaced rule allowed is gone')
  const granted = (await ask.rules()).filter((rule) => !rule.fixed)
  assert.deepEqual(granted, [
    { ...ofAnn, effect: 'allow', action: ['read'], fixed: false },
    { ...nobody, fixed: false },
  ])

  await assert.rejects(ask.grant({ ...ofAnn, id: '' }))
  await assert.rejects(ask.grant({ ...ofAnn, id: 'check bad', who: [] }), 'a rule about nobody is a mistake')
  await assert.rejects(ask.grant({ ...ofAnn, id: 'check bad', what: ['check/*/1'] }), 'a * stands at the end only')
  const long = Array.from({ length: 100 }, (_, n) => `check/${n}/`.padEnd(400, 'x'))
  await assert.rejects(ask.grant({ ...ofAnn, id: 'check bad', what: long }), 'the log would not take it')
  await assert.rejects(ask.allowed('', 'write', 'check/notes/1'))
  assert.equal((await ask.rules()).length, before.length + 2, 'what is refused leaves no trace')

  assert.equal(await ask.revoke('check ann'), true)
  assert.equal(await ask.revoke('check ann'), false)
  assert.equal(await ask.allowed('check:ann', 'read', 'check/notes/1'), false)
  assert.equal(await ask.revoke('check shut'), true)
  for (const { id } of before.slice(0, 1)) await assert.rejects(ask.revoke(id), 'a rule of the configuration stays')
  assert.deepEqual(await ask.rules(), before)
})

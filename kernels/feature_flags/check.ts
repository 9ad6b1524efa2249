/** What must hold for the flags before they rejoin: who is in stays in, lists come first, and what is unknown is off. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { FeatureFlags } from './kernel.ts'

export default defineCheck<FeatureFlags>(async ({ ask }) => {
  const configured = await ask.all()
  const names = Array.from({ length: 200 }, (_, n) => `user ${n}`)
  const on = async (flag = 'check') => {
    const answers = await Promise.all(names.map((who) => ask.isOn(flag, who)))
    return names.filter((_, n) => answers[n])
  }
  assert.deepEqual(await on(), [], 'a flag without a rule is off')

  await ask.set('check', { percent: 30 })
  const some = await on()
  assert.ok(some.length > 30 && some.length < 90, `30 of 100 are about 60 of 200, and not ${some.length}`)
  assert.deepEqual(await on(), some, 'the same answer again')
  await ask.set('check', { percent: 60 })
  const more = new Set(await on())
  assert.ok(more.size > 90 && more.size < 150)
  assert.ok(
    some.every((who) => more.has(who)),
    'a percentage that rises takes nobody out',
  )
  await ask.set('check two', { percent: 30 })
  assert.notDeepEqual(await on('check two'), some, 'another flag, other people')
  await ask.set('check', { percent: 100 })
  assert.deepEqual(await on(), names)

  await ask.set('check', { percent: 0, always: ['user 1', 'user 2'], never: ['user 2'] })
  assert.deepEqual(await on(), ['user 1'])
  await ask.set('check', { percent: 100, never: ['user 1'] })
  assert.equal((await on()).includes('user 1'), false)
  assert.deepEqual((await ask.all()).check, { percent: 100, never: ['user 1'], from: 'run time' })

  await assert.rejects(ask.set('check', { percent: 101 }))
  await assert.rejects(ask.set('', { percent: 1 }))
  await assert.rejects(ask.isOn('check', ''))
  assert.equal((await ask.all()).check?.percent, 100, 'what is refused changes nothing')
  assert.equal(await ask.set('check', null), null)
  await ask.set('check two', null)
  assert.deepEqual(await ask.all(), configured)

  for (const [flag, { from, ...rule }] of Object.entries(configured)) {
    assert.equal((await ask.set(flag, { percent: 0 }))?.from, 'run time')
    assert.deepEqual(await on(flag), [])
    assert.deepEqual(await ask.set(flag, null), { ...rule, from }, 'the configured rule holds again')
  }
})

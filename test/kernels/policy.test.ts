import { expect, test } from 'vitest'
import fallback from '../../kernels/policy/fallback.ts'
import policy from '../../kernels/policy/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(policy, { id: 'policy', ...options })
const startFallback = (options: Partial<StartOptions> = {}) => startKernel(fallback, { id: 'policy', ...options })

const readers = { id: 'readers', who: ['user:*'], action: ['read'], what: ['*'] }
const locked = { id: 'locked', effect: 'deny', who: ['*'], action: ['*'], what: ['records/payroll/*'] } as const
const ops = { id: 'ops', who: ['ops'], action: ['restart', 'read'], what: ['*'] }
const config = { rules: [readers, locked], always: [ops] }

test('denying wins over allowing, in whatever order the rules were granted', async () => {
  const allow = { id: 'allow', who: ['ann'], action: ['write'], what: ['a/*'] }
  const deny = { id: 'deny', effect: 'deny' as const, who: ['ann'], action: ['*'], what: ['a/b'] }
  for (const rules of [
    [allow, deny],
    [deny, allow],
  ]) {
    const { ask } = await start()
    for (const rule of rules) await ask.grant(rule)
    expect(await ask.explain('ann', 'write', 'a/b')).toEqual({ allowed: false, rule: 'deny' })
    expect(await ask.explain('ann', 'write', 'a/c')).toEqual({ allowed: true, rule: 'allow' })
    expect(await ask.explain('bob', 'write', 'a/c')).toEqual({ allowed: false, rule: null })
  }
})

test('rules of the configuration hold from the first question on, and are changed there only', async () => {
  const { ask } = await start({ config })
  expect(await ask.explain('user:ann', 'read', 'records/note/1')).toEqual({ allowed: true, rule: 'readers' })
  expect(await ask.explain('ops', 'read', 'records/payroll/1')).toEqual({ allowed: false, rule: 'locked' })
  for (const id of ['readers', 'locked', 'ops']) {
    await expect(ask.revoke(id)).rejects.toMatchObject({ code: 'RULE_FIXED' })
    await expect(ask.grant({ ...readers, id })).rejects.toMatchObject({ code: 'RULE_FIXED' })
  }
  expect((await ask.rules()).map((rule) => [rule.id, rule.fixed])).toEqual([
    ['readers', true],
    ['locked', true],
    ['ops', true],
  ])
})

test('granted rules are there again after a restart; the configuration wins over one of the same id', async () => {
  const first = await start()
  await first.ask.grant({ id: 'mine', who: ['ann'], action: ['write'], what: ['*'] })
  await first.ask.grant({ ...readers, who: ['*'] })
  const second = await start({ config, restored: await first.snapshot() })
  expect(await second.ask.allowed('ann', 'write', 'x')).toBe(true)
  expect(await second.ask.allowed('stranger', 'read', 'x')).toBe(false)
  expect(second.logged).toHaveLength(1)
  expect(await second.snapshot()).toMatchObject([{ id: 'mine' }])
})

test('the log is told of each change of the rules, and of no refused one', async () => {
  const { ask, sent } = await start({ config })
  await ask.grant({ id: 'mine', who: ['ann'], action: ['write'], what: ['*'] })
  await ask.revoke('mine')
  await ask.revoke('mine')
  await expect(ask.revoke('ops')).rejects.toThrow()
  expect(sent.map(({ to, method, args }) => [to, method, args[0]])).toEqual([
    [
      ...['immutable_log', 'append'],
      { kind: 'policy.granted', rule: { id: 'mine', effect: 'allow', who: ['ann'], action: ['write'], what: ['*'] } },
    ],
    ['immutable_log', 'append', { kind: 'policy.revoked', rule: 'mine' }],
  ])
})

test('the fallback denies all but what is always allowed, and never what is denied', async () => {
  const granted = [{ id: 'mine', effect: 'allow', who: ['ann'], action: ['write'], what: ['*'] }]
  const { ask } = await startFallback({ config, restored: granted })
  expect(await ask.explain('ops', 'restart', 'vault')).toEqual({ allowed: true, rule: 'ops' })
  expect(await ask.allowed('user:ann', 'read', 'records/note/1')).toBe(false)
  expect(await ask.allowed('ann', 'write', 'records/note/1')).toBe(false)
  expect(await ask.explain('ops', 'read', 'records/payroll/1')).toEqual({ allowed: false, rule: 'locked' })
  expect((await ask.rules()).map((rule) => rule.id)).toEqual(['locked', 'ops'])
})

test('the fallback allows nothing that the policy itself would deny, without granted rules', async () => {
  const [whole, stand] = [await start({ config }), await startFallback({ config })]
  const texts = ['ops', 'user:ann', 'read', 'restart', 'write', 'records/payroll/1', 'vault']
  const questions = texts.flatMap((who) => texts.flatMap((action) => texts.map((what) => [who, action, what] as const)))
  let allowed = 0
  for (const question of questions) {
    if (!stand.api.allowed(...question)) continue
    allowed += 1
    expect(whole.api.allowed(...question), question.join(' ')).toBe(true)
  }
  expect(allowed).toBeGreaterThan(0)
})

test('the fallback has every method of the policy, and refuses to change rules that would be lost', async () => {
  const [whole, stand] = [await start(), await startFallback()]
  expect(Object.keys(stand.api).sort()).toEqual(Object.keys(whole.api).sort())
  await expect(stand.ask.grant(readers)).rejects.toMatchObject({ code: 'RULES_LOCKED' })
  await expect(stand.ask.revoke('mine')).rejects.toMatchObject({ code: 'RULES_LOCKED' })
  expect(await stand.snapshot(), 'it leaves no state behind').toBeUndefined()
  await expect(startFallback({ config: { always: [{}] } })).rejects.toThrow('config.always[0].id')
})

test.each([
  [null, 'rule:'],
  [{ ...readers, id: '' }, 'rule.id'],
  [{ ...readers, id: 'x'.repeat(101) }, 'rule.id'],
  [{ ...readers, effect: 'maybe' }, 'rule.effect'],
  [{ ...readers, who: 'ann' }, 'rule.who'],
  [{ ...readers, who: [] }, 'rule.who'],
  [{ ...readers, action: [7] }, 'rule.action'],
  [{ ...readers, what: ['a*b'] }, 'rule.what'],
  [{ ...readers, what: undefined }, 'rule.what'],
  [{ ...readers, efect: 'deny' }, 'rule.efect'],
])('a bad rule is refused with a code and its place, and leaves no trace: %j', async (rule, place) => {
  const { ask, sent } = await start()
  await expect(ask.grant(rule as never)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining(place),
  })
  expect(await ask.rules()).toEqual([])
  expect(sent).toEqual([])
})

test.each([
  ['', 'read', 'x'],
  ['ann', undefined, 'x'],
  ['ann', 'read', 'x'.repeat(501)],
])('a question that is none is refused by both, and not just denied', async (who, action, what) => {
  for (const { ask } of [await start(), await startFallback()]) {
    await expect(ask.allowed(who, action as string, what)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
})

test('the limit of granted rules holds: replacing is possible, one more is not', async () => {
  const { api } = await start()
  for (let n = 0; n < 10_000; n++) api.grant({ ...readers, id: `rule ${n}` })
  expect(api.grant({ ...readers, id: 'rule 7' })).toEqual({ id: 'rule 7', replaced: true })
  expect(() => api.grant(readers)).toThrow(expect.objectContaining({ code: 'TOO_MANY_RULES' }))
})

test('a bad configuration or state keeps it from starting', async () => {
  await expect(start({ config: { rules: {} } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(start({ config: { rules: [readers, readers] } })).rejects.toThrow('two rules "readers"')
  await expect(start({ config: { rules: [ops], always: [ops] } })).rejects.toThrow('config.always')
  await expect(start({ config: { always: [{ ...ops, who: 7 }] } })).rejects.toThrow('config.always[0].who')
  for (const restored of [{}, [null], [{ ...readers, what: [] }], [readers, readers]]) {
    await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  }
})

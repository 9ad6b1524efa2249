import { expect, test } from 'vitest'
import fallback from '../../kernels/feature_flags/fallback.ts'
import flags from '../../kernels/feature_flags/kernel.ts'
import type { Rule } from '../../kernels/feature_flags/rule.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(flags, { id: 'feature_flags', ...options })
const startFallback = (options: Partial<StartOptions> = {}) =>
  startKernel(fallback, { id: 'feature_flags', ...options })
const names = Array.from({ length: 10_000 }, (_, n) => `user ${n}`)
const config = { flags: { search: { percent: 25, always: ['ann'] }, beta: { percent: 100, never: ['bob'] } } }

test.each([0, 0.5, 10, 50, 99, 100])('%d percent of 10,000 names are in, give or take', async (percent) => {
  const { api } = await start({ config: { flags: { x: { percent } } } })
  const share = (names.filter((who) => api.isOn('x', who)).length / names.length) * 100
  expect(Math.abs(share - percent)).toBeLessThanOrEqual(percent % 100 === 0 ? 0 : 1.5)
})

test('a percentage that rises takes nobody out, and two flags choose independently', async () => {
  const { api } = await start()
  const chosen = (flag: string, percent: number) => {
    api.set(flag, { percent })
    return new Set(names.filter((who) => api.isOn(flag, who)))
  }
  const [ten, twenty, others] = [chosen('x', 10), chosen('x', 20), chosen('y', 10)]
  expect(ten.isSubsetOf(twenty)).toBe(true)
  const both = ten.intersection(others).size
  expect(both, 'about 1 of 100').toBeGreaterThan(50)
  expect(both).toBeLessThan(150)
})

test('the answer for a name is the same in every version of this kernel', async () => {
  const { api } = await start({ config: { flags: { x: { percent: 20 } } } })
  expect(names.slice(0, 20).filter((who) => api.isOn('x', who))).toMatchInlineSnapshot(`
    [
      "user 2",
      "user 6",
      "user 7",
      "user 14",
      "user 15",
      "user 16",
    ]
  `)
})

test('never beats always, always beats the percentage, and what is unknown is off', async () => {
  const { ask } = await start()
  await ask.set('x', { percent: 0, always: ['ann', 'bob'], never: ['bob'] })
  expect([await ask.isOn('x', 'ann'), await ask.isOn('x', 'bob'), await ask.isOn('x', 'eve')]).toEqual([
    true,
    false,
    false,
  ])
  expect(await ask.isOn('toString', 'ann')).toBe(false)
  expect(await ask.isOn('__proto__', 'ann')).toBe(false)
})

test('a rule set at run time holds in a successor; one taken back gives way to the configuration of then', async () => {
  const first = await start({ config })
  await first.ask.set('search', { percent: 0 })
  await first.ask.set('new', { percent: 100 })
  const newer = { flags: { search: { percent: 100 } } }
  const second = await start({ config: newer, restored: await first.snapshot() })
  expect(await second.ask.all()).toEqual({
    new: { percent: 100, from: 'run time' },
    search: { percent: 0, from: 'run time' },
  })
  expect(await second.ask.isOn('search', 'ann')).toBe(false)
  expect(await second.ask.set('search', null)).toEqual({ percent: 100, from: 'config' })
  expect(await second.ask.isOn('search', 'ann')).toBe(true)
  expect(await second.ask.set('new', null)).toBeNull()
  expect(await second.snapshot()).toEqual([])
})

test('the fallback answers by the configuration alone, to what the kernel answers to, and sets nothing', async () => {
  const kernel = await start({ config })
  const standIn = await startFallback({ config, restored: 'damaged' })
  expect(Object.keys(standIn.api)).toEqual(Object.keys(kernel.api))
  for (const flag of ['search', 'beta', 'none']) {
    for (const who of ['ann', 'bob', ...names.slice(0, 100)]) {
      expect(standIn.api.isOn(flag, who)).toBe(kernel.api.isOn(flag, who))
    }
  }
  expect(await standIn.ask.all()).toEqual(await kernel.ask.all())
  await expect(standIn.ask.set('beta', { percent: 0 })).rejects.toMatchObject({ code: 'READ_ONLY' })
  await expect(standIn.ask.isOn('', 'ann')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('a bad rule of the configuration is off in the fallback, and said', async () => {
  const { ask, logged } = await startFallback({ config: { flags: { ...config.flags, beta: { percent: 'all' } } } })
  expect(await ask.isOn('beta', 'ann')).toBe(false)
  expect(await ask.isOn('search', 'ann')).toBe(true)
  expect(logged).toEqual(['a flag with a bad rule is off'])
})

test.each([
  ['', { percent: 1 }],
  ['x'.repeat(101), { percent: 1 }],
  [7, { percent: 1 }],
  ['x', undefined],
  ['x', {}],
  ['x', { percent: -1 }],
  ['x', { percent: Number.NaN }],
  ['x', { percent: 1, always: 'ann' }],
  ['x', { percent: 1, never: [1] }],
  ['x', { percent: 1, always: new Array(1001).fill('a') }],
  ['x', { percent: 1, percentage: 2 }],
])('set(%j, ...) is refused with a code, and changes nothing', async (flag, rule) => {
  const { ask } = await start()
  await expect(ask.set(flag as string, rule as Rule)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await ask.all()).toEqual({})
})

test('the limit of rules holds: changing is possible, one more is not', async () => {
  const { api } = await start()
  for (let n = 0; n < 1000; n++) api.set(`flag ${n}`, { percent: n / 10 })
  expect(() => api.set('one more', { percent: 1 })).toThrow(expect.objectContaining({ code: 'FLAGS_FULL' }))
  expect(api.set('flag 7', { percent: 1 })).toMatchObject({ percent: 1 })
})

test('a bad configuration or state keeps it from starting', async () => {
  for (const bad of [[], 'x', { x: null }, { x: { percent: 101 } }, { '': { percent: 1 } }]) {
    await expect(start({ config: { flags: bad } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  }
  for (const restored of [{}, null, ['x'], [['x']], [['x', {}]], [[7, { percent: 1 }]]]) {
    await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  }
})

import { expect, test } from 'vitest'
import bus from '../../kernels/message_bus/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(bus, { id: 'message_bus', ...options })

test('a message goes to every subscriber of its topic, and to nobody else', async () => {
  const { ask, sent } = await start()
  await ask.subscribe('orders.new', 'billing')
  await ask.subscribe('orders.new', 'stock')
  await ask.subscribe('orders.gone', 'archive')
  expect(await ask.publish('orders.new', { id: 7 }, 'shop')).toEqual({ delivered: 2 })
  expect(sent).toEqual([
    { to: 'billing', method: 'onMessage', args: ['orders.new', { id: 7 }] },
    { to: 'stock', method: 'onMessage', args: ['orders.new', { id: 7 }] },
  ])
})

test('an unauthorised publish is an ordinary error with a code, is counted, and reaches nobody', async () => {
  const rules = [{ topic: 'orders.*', publish: ['scheduler'], subscribe: ['*'] }]
  const { ask, sent } = await start({ config: { rules } })
  await ask.subscribe('orders.new', 'billing')
  await expect(ask.publish('orders.new', 1, 'shop')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  expect(sent).toEqual([])
  expect(await ask.publish('orders.new', 1, 'scheduler')).toEqual({ delivered: 1 })
  expect(await ask.stats()).toEqual({ published: 1, delivered: 1, denied: 1, topics: 1, subscriptions: 1 })
})

test('the first rule that covers the topic and speaks about the action decides; then the default', async () => {
  const rules = [
    { topic: 'a.b', publish: ['one'] },
    { topic: 'a.*', subscribe: ['two'] },
    { topic: 'a.*', publish: ['*'] },
  ]
  const { ask } = await start({ config: { rules, default: 'deny' } })
  await ask.publish('a.b', 1, 'one')
  await expect(ask.publish('a.b', 1, 'two')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  await ask.publish('a.c.d', 1, 'two')
  await ask.subscribe('a.b', 'two')
  await expect(ask.subscribe('a.b', 'one')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  await expect(ask.publish('a', 1, 'two'), 'a.* is below a, not a').rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  await expect(ask.publish('ab.c', 1, 'two')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
})

test('a successor goes on with subscriptions and counters, and drops what the rules no longer allow', async () => {
  const first = await start()
  await first.ask.subscribe('t', 'kept')
  await first.ask.subscribe('t', 'banned')
  await first.ask.publish('t', 1, 'any')
  const restored = await first.snapshot()
  const rules = [{ topic: 't', subscribe: ['kept'] }]
  const { ask, logged } = await start({ restored, config: { rules, subscriptions: { t: ['standing', 'kept'] } } })
  expect(await ask.topics()).toEqual([{ topic: 't', subscribers: ['kept', 'standing'] }])
  expect(await ask.stats()).toMatchObject({ published: 1, delivered: 2, subscriptions: 2 })
  expect(logged).toHaveLength(1)
})

test.each([
  ['a blank topic', '', 'shop', 'INVALID_TOPIC'],
  ['a pattern as a topic', 'orders.*', 'shop', 'INVALID_TOPIC'],
  ['a topic of 201 characters', 'x'.repeat(201), 'shop', 'INVALID_TOPIC'],
  ['no publisher', 'orders', undefined, 'INVALID_ID'],
])('%s is refused', async (_, topic, by, code) => {
  const { ask } = await start()
  await expect(ask.publish(topic, 1, by as string)).rejects.toMatchObject({ code })
})

test('a subscriber that can be no kernel is refused when it subscribes, not at each publish', async () => {
  const { ask } = await start()
  await expect(ask.subscribe('t', 'constructor')).rejects.toMatchObject({ code: 'UNKNOWN_KERNEL' })
  expect(await ask.publish('t', 1, 'any')).toEqual({ delivered: 0 })
  expect(await ask.topics()).toEqual([])
})

test('the topic of 200 characters is the longest, and 10,000 subscriptions are the most', async () => {
  const { api } = await start()
  expect(api.publish('x'.repeat(200), 1, 'any')).toEqual({ delivered: 0 })
  for (let n = 0; n < 10_000; n++) api.subscribe(`t${n % 100}`, `kernel-${n}`)
  expect(() => api.subscribe('t0', 'one-more')).toThrow(expect.objectContaining({ code: 'TOO_MANY_SUBSCRIPTIONS' }))
  expect(api.unsubscribe('t0', 'kernel-0')).toBe(true)
  expect(api.subscribe('t0', 'one-more')).toBe(true)
})

test.each([
  [{ default: 'maybe' }, 'config.default'],
  [{ rules: {} }, 'config.rules'],
  [{ rules: [{ publish: ['x'] }] }, 'config.rules[0]'],
  [{ rules: [{ topic: 'a', publish: 'x' }] }, 'config.rules[0]'],
  [{ rules: [{ topic: '*.a' }] }, 'config.rules[0].topic'],
  [{ subscriptions: { a: 'x' } }, 'config.subscriptions'],
])('a bad configuration keeps it from starting, and says where: %j', async (config, where) => {
  await expect(start({ config })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(where),
  })
})

test('a damaged state keeps it from starting', async () => {
  const state = { subscriptions: [['t', 'x']], counters: { published: 0, delivered: 0, denied: 0 } }
  await expect(start({ restored: state })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  await expect(start({ restored: { subscriptions: [], counters: { published: 'many' } } })).rejects.toThrow()
})

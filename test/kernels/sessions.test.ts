import { expect, test } from 'vitest'
import sessions from '../../kernels/sessions/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(sessions, { id: 'sessions', ...options })

test('a session ends at the time that was told, however much it is used', async () => {
  const { ask, clock } = await start({ config: { ttlMs: 60_000 } })
  const { token, expiresAt } = await ask.open('ann')
  expect(expiresAt).toBe(clock.nowMs + 60_000)
  for (const _ of [1, 2, 3, 4]) {
    clock.nowMs += 15_000
    expect(await ask.user(token)).toBe('ann')
  }
  clock.nowMs += 1
  expect(await ask.user(token)).toBeNull()
  expect(await ask.count()).toBe(0)
})

test('one that has ended cannot be closed, and is not counted', async () => {
  const { ask, clock, snapshot } = await start({ config: { ttlMs: 60_000 } })
  const { token } = await ask.open('ann')
  await ask.open('ann')
  clock.nowMs += 60_001
  expect(await ask.close(token)).toBe(false)
  expect(await ask.closeAll('ann')).toBe(0)
  expect(await snapshot()).toEqual([])
})

test('a token is in no snapshot, and what a snapshot holds is no token', async () => {
  const { ask, snapshot } = await start()
  const { token } = await ask.open('ann')
  const state = (await snapshot()) as [string, unknown][]
  expect(JSON.stringify(state)).not.toContain(token)
  expect(await ask.user(state[0]?.[0] ?? '')).toBeNull()
})

test('sessions are there after a restart, until the time that was told', async () => {
  const first = await start({ config: { ttlMs: 60_000 } })
  const { token } = await first.ask.open('ann')
  first.clock.nowMs += 30_000
  const { token: later } = await first.ask.open('bob')
  const second = await start({ restored: await first.snapshot() })
  second.clock.nowMs = first.clock.nowMs
  expect(await second.ask.user(token)).toBe('ann')
  second.clock.nowMs += 30_001
  expect(await second.ask.user(token)).toBeNull()
  expect(await second.ask.user(later)).toBe('bob')
  expect(await second.ask.closeAll('bob')).toBe(1)
})

test('of a restored state, what has ended meanwhile is left out, to the millisecond', async () => {
  const { clock } = await start()
  const entry = (digit: string, expiresAt: number) => [digit.repeat(64), { user: digit, expiresAt }]
  const restored = [entry('a', clock.nowMs - 1), entry('b', clock.nowMs), entry('c', clock.nowMs + 1)]
  const second = await start({ restored })
  expect(await second.ask.count()).toBe(1)
  second.clock.nowMs += 2
  expect(await second.ask.count()).toBe(0)
})

test('a configuration that has become stricter holds for restored sessions too', async () => {
  const first = await start()
  const { token } = await first.ask.open('ann')
  const second = await start({ config: { ttlMs: 1000 }, restored: await first.snapshot() })
  expect(await second.ask.user(token)).toBe('ann')
  second.clock.nowMs += 1001
  expect(await second.ask.user(token)).toBeNull()
})

test('in a full house the session that was not used for the longest time gives way, also after a restart', async () => {
  const config = { maxSessions: 3 }
  const first = await start({ config })
  const tokens: string[] = []
  for (const user of ['ann', 'bob', 'cyd']) tokens.push((await first.ask.open(user)).token)
  expect(await first.ask.user(tokens[0] ?? '')).toBe('ann')
  const second = await start({ config, restored: await first.snapshot() })
  await second.ask.open('dan')
  const users = await Promise.all(tokens.map((token) => second.ask.user(token)))
  expect(users).toEqual(['ann', null, 'cyd'])
  expect(second.logged).toHaveLength(1)
  expect(await second.ask.count()).toBe(3)
})

test('what has ended takes nobody a place', async () => {
  const { ask, clock, logged } = await start({ config: { maxSessions: 2, ttlMs: 60_000 } })
  await ask.open('ann')
  clock.nowMs += 50_000
  const { token } = await ask.open('bob')
  clock.nowMs += 10_001
  await ask.open('cyd')
  expect(await ask.user(token)).toBe('bob')
  expect(logged).toEqual([])
})

test('a user who opens too many sessions loses their own oldest, and nobody else does', async () => {
  const { ask, logged } = await start({ config: { maxPerUser: 2 } })
  const { token: other } = await ask.open('bob')
  const tokens: string[] = []
  for (const _ of [1, 2, 3]) tokens.push((await ask.open('ann')).token)
  const users = await Promise.all([...tokens, other].map((token) => ask.user(token)))
  expect(users).toEqual([null, 'ann', 'ann', 'bob'])
  await ask.close(tokens[2] ?? '')
  await ask.open('ann')
  expect(await ask.user(tokens[1] ?? ''), 'a closed one has made room').toBe('ann')
  expect(logged).toEqual([])
})

test.each([[''], [' '], ['x'.repeat(201)], [7], [null]])('a bad user is refused with a code: %j', async (user) => {
  const { ask } = await start()
  await expect(ask.open(user as string)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(ask.closeAll(user as string)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await ask.count()).toBe(0)
})

test.each([['x'.repeat(201)], [7], [undefined]])('what is no token is refused with a code: %j', async (token) => {
  const { ask } = await start()
  await expect(ask.user(token as string)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(ask.close(token as string)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test.each([
  ['ttlMs', 999],
  ['ttlMs', 31_536_000_001],
  ['maxSessions', 0],
  ['maxSessions', 'many'],
  ['maxPerUser', 1.5],
])('config.%s: %j keeps it from starting', async (key, value) => {
  await expect(start({ config: { [key]: value } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`config.${key}`),
  })
})

const key = 'a'.repeat(64)
test.each([
  [{}],
  [[null]],
  [[['short', { user: 'ann', expiresAt: 1 }]]],
  [[[key, { user: '', expiresAt: 1 }]]],
  [[[key, { user: 'ann' }]]],
  [[[key, null]]],
])('a bad state keeps it from starting: %j', async (restored) => {
  await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})

import { expect, test } from 'vitest'
import stats from '../../kernels/healing_stats/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(stats, { id: 'healing_stats', ...options })

const said = (incident: string, kernel: string, status: 'open' | 'resolved', at: number) => ({
  ...{ incident, kernel, status, at, tier: 2, fingerprint: 'f', error: 'TypeError: no', count: 1 },
})
const mode = (...disabled: string[]) => ({ enabled: disabled.length > 0, disabled_kernels: disabled })

test('the mean is over what was seen from its beginning to its end, for each kernel and for all', async () => {
  const { ask, say } = await start()
  await say('event.incident', said('a', 'one', 'open', 1000))
  await say('event.incident', said('a', 'one', 'open', 1000))
  await say('event.incident', said('b', 'two', 'open', 2000))
  await say('event.incident', said('a', 'one', 'resolved', 4000))
  await say('event.incident', said('c', 'two', 'resolved', 4000))
  expect(await ask.of('one')).toMatchObject({
    incidents: 1,
    open: 0,
    recovered: 1,
    untimed: 0,
    meanMs: 3000,
    worstMs: 3000,
  })
  expect(await ask.of('two')).toMatchObject({ incidents: 2, open: 1, recovered: 0, untimed: 1, meanMs: null })
  expect(await ask.summary()).toMatchObject({ incidents: 3, open: 1, recovered: 1, untimed: 1, meanMs: 3000 })
  expect(await ask.of('three')).toBeNull()
})

test('the time out of service is counted while it lasts, and stands when it is over', async () => {
  const { ask, say, clock } = await start()
  await say('system.degraded_mode', mode('one', 'two'))
  clock.nowMs += 500
  await say('system.degraded_mode', mode('two'))
  clock.nowMs += 250
  expect(await ask.of('one')).toMatchObject({ degradedMs: 500, incidents: 0 })
  expect(await ask.of('two')).toMatchObject({ degradedMs: 750 })
  expect(await ask.summary()).toMatchObject({ degradedMs: 1250, degraded: ['two'] })
})

test('an incident that ended while the kernel was away is closed without a time; one that is named again stays open', async () => {
  const first = await start()
  await first.say('event.incident', said('gone', 'one', 'open', 1000))
  await first.say('event.incident', said('stays', 'one', 'open', 2000))
  await first.ask.note({ incident: 'theirs', kernel: 'database', status: 'open', at: 1000 })
  const second = await start({ restored: await first.snapshot() })
  await second.say('event.incident', said('stays', 'one', 'open', 2000))
  expect(await second.ask.of('one'), 'not all has been named yet').toMatchObject({ open: 2 })
  await second.say('system.degraded_mode', mode())
  expect(await second.ask.of('one')).toMatchObject({ incidents: 2, open: 1, untimed: 1, meanMs: null })
  expect(await second.ask.of('database'), 'no caller has ended it').toMatchObject({ open: 1, untimed: 0 })
  await second.say('event.incident', said('stays', 'one', 'resolved', 9000))
  await second.say('event.incident', said('gone', 'one', 'resolved', 9000))
  expect(await second.ask.of('one')).toMatchObject({ incidents: 2, open: 0, recovered: 1, untimed: 1, meanMs: 7000 })
})

test('a successor goes on with the counts, and with who was out of service since when', async () => {
  const first = await start()
  await first.say('event.incident', said('a', 'one', 'open', 1000))
  await first.say('event.incident', said('a', 'one', 'resolved', 2000))
  await first.say('system.degraded_mode', mode('one'))
  const second = await start({ restored: await first.snapshot() })
  second.clock.nowMs += 100
  await second.say('system.degraded_mode', mode('one'))
  await second.say('event.incident', said('a', 'one', 'resolved', 2000))
  expect(await second.ask.of('one')).toMatchObject({ incidents: 1, recovered: 1, meanMs: 1000, degradedMs: 100 })
})

test('a clock that was set back makes no negative time', async () => {
  const { ask, say, clock } = await start()
  await say('event.incident', said('a', 'one', 'open', 5000))
  await say('event.incident', said('a', 'one', 'resolved', 4000))
  await say('system.degraded_mode', mode('one'))
  clock.nowMs -= 1000
  expect(await ask.of('one')).toMatchObject({ meanMs: 0, worstMs: 0, degradedMs: 0 })
})

test('the runtime is not brought down by a count that is full; a caller is refused', async () => {
  const { ask, say, logged } = await start()
  for (let n = 0; n < 1000; n++) await say('event.incident', said(`i${n}`, `k${n}`, 'open', 1))
  await say('event.incident', said('one more', 'one more', 'open', 1))
  expect(logged).toHaveLength(1)
  const notice = { incident: 'x', kernel: 'new', status: 'open' as const, at: 1 }
  await expect(ask.note(notice)).rejects.toMatchObject({ code: 'TOO_MANY_KERNELS' })
  expect(await ask.summary()).toMatchObject({ incidents: 1000, open: 1000 })
})

test.each([
  [null],
  [{ incident: '', kernel: 'k', status: 'open', at: 1 }],
  [{ incident: 'i', kernel: 7, status: 'open', at: 1 }],
  [{ incident: 'i', kernel: 'k', status: 'over', at: 1 }],
  [{ incident: 'i', kernel: 'k', status: 'open', at: '1' }],
])('a bad notice is refused with a code: %j', async (notice) => {
  const { ask } = await start()
  await expect(ask.note(notice as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test.each([
  [{}],
  [{ kernels: [['one', { incidents: 1 }]], open: [], closed: [], out: [] }],
  [{ kernels: [], open: [{ incident: 'a' }], closed: [], out: [] }],
  [{ kernels: [], open: [], closed: [], out: [['one', 'yesterday']] }],
])('a damaged state keeps it from starting: %j', async (restored) => {
  await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})

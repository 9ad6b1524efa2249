import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import fallback from '../../kernels/rate_limits/fallback.ts'
import limits, { type SavedWindow } from '../../kernels/rate_limits/kernel.ts'
import { type Fake, type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(limits, { id: 'rate_limits', ...options })
const startFallback = (options: Partial<StartOptions> = {}) => startKernel(fallback, { id: 'rate_limits', ...options })
const config = { points: 3, windowMs: 1000, fallbackPoints: 2 }

// The library has a clock of its own, which stands beside that of the context.
beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())
function pass({ clock }: Pick<Fake, 'clock'>, ms: number): void {
  clock.nowMs += ms
  vi.advanceTimersByTime(ms)
}

test('a caller has its points back when its window is over, and not before', async () => {
  const kernel = await start({ config })
  const { ask } = kernel
  expect(await ask.take('ann', 2)).toEqual({ allowed: true, remaining: 1, retryInMs: 0 })
  pass(kernel, 400)
  expect(await ask.take('ann', 2)).toEqual({ allowed: false, remaining: 1, retryInMs: 600 })
  expect(await ask.take('ann')).toEqual({ allowed: true, remaining: 0, retryInMs: 0 })
  pass(kernel, 599)
  expect(await ask.take('ann')).toEqual({ allowed: false, remaining: 0, retryInMs: 1 })
  pass(kernel, 1)
  expect(await ask.take('ann')).toEqual({ allowed: true, remaining: 2, retryInMs: 0 })
  expect(await ask.stats()).toEqual({ allowed: 3, refused: 2, callers: 1 })
})

test('a successor goes on with the points that were used, and with the same ends', async () => {
  const first = await start({ config })
  await first.ask.take('ann', 3)
  pass(first, 300)
  await first.ask.take('bob', 1)
  const at = first.clock.nowMs
  expect(await first.snapshot()).toEqual([
    { who: 'ann', used: 3, endsAt: at + 700 },
    { who: 'bob', used: 1, endsAt: at + 1000 },
  ])

  const ended = { who: 'eve', used: 3, endsAt: at - 300 }
  const shifted = ((await first.snapshot()) as SavedWindow[]).map((each) => ({ ...each, endsAt: each.endsAt - 300 }))
  vi.setSystemTime(at - 300) // when the clock of a new context stands
  const second = await start({ config, restored: [...shifted, ended] })
  expect(await second.ask.stats()).toMatchObject({ callers: 2 })
  expect(await second.ask.take('eve')).toMatchObject({ remaining: 2 })
  expect(await second.ask.take('ann')).toEqual({ allowed: false, remaining: 0, retryInMs: 700 })
  pass(second, 700)
  expect(await second.ask.take('ann')).toMatchObject({ remaining: 2 })
  expect(await second.ask.take('bob', 3)).toEqual({ allowed: false, remaining: 2, retryInMs: 300 })
})

test('a window that a wrong clock left far in the future ends within one window', async () => {
  const kernel = await start({ config, restored: [{ who: 'ann', used: 3, endsAt: 4e12 }] })
  expect(await kernel.ask.take('ann')).toEqual({ allowed: false, remaining: 0, retryInMs: 1000 })
  pass(kernel, 1000)
  expect(await kernel.ask.take('ann')).toMatchObject({ allowed: true })
})

test('callers above the limit wait for the first window to end; those that are known go on', async () => {
  const kernel = await start({ config: { ...config, maxCallers: 2 } })
  await kernel.ask.take('ann')
  pass(kernel, 250)
  await kernel.ask.take('bob')
  expect(await kernel.ask.take('eve')).toEqual({ allowed: false, remaining: 0, retryInMs: 750 })
  expect(await kernel.ask.take('bob')).toMatchObject({ allowed: true })
  pass(kernel, 750)
  expect(await kernel.ask.take('eve')).toMatchObject({ allowed: true })
  expect(await kernel.ask.stats()).toMatchObject({ callers: 2 })
})

test('the fallback has a small allowance of its own, whatever the last snapshot was', async () => {
  const kernel = await startFallback({ config, restored: 'damaged' })
  const { ask } = kernel
  expect(await ask.take('ann')).toEqual({ allowed: true, remaining: 1, retryInMs: 0 })
  expect(await ask.take('ann', 3)).toEqual({ allowed: false, remaining: 1, retryInMs: 1000 })
  await ask.take('ann')
  pass(kernel, 999)
  expect(await ask.take('ann')).toEqual({ allowed: false, remaining: 0, retryInMs: 1 })
  expect(await ask.take('bob')).toMatchObject({ allowed: true })
  expect(await ask.reset('bob')).toBe(true)
  expect(await ask.stats()).toEqual({ allowed: 3, refused: 2, callers: 1 })
  pass(kernel, 1)
  expect(await ask.take('ann')).toMatchObject({ allowed: true, remaining: 1 })
})

test('the fallback keeps no more callers than the limiter', async () => {
  const { ask } = await startFallback({ config: { ...config, maxCallers: 1 } })
  await ask.take('ann')
  expect(await ask.take('bob')).toMatchObject({ allowed: false, remaining: 0 })
})

test('the fallback answers to what the kernel answers to', async () => {
  expect(Object.keys((await startFallback()).api)).toEqual(Object.keys((await start()).api))
})

test.each([
  ['', 1],
  ['x'.repeat(201), 1],
  [7, 1],
  ['ann', 0],
  ['ann', 1.5],
  ['ann', 4],
])('take(%j, %d) is refused with a code, and counts as nothing', async (who, cost) => {
  for (const { ask } of [await start({ config }), await startFallback({ config })]) {
    await expect(ask.take(who as string, cost)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await ask.stats()).toEqual({ allowed: 0, refused: 0, callers: 0 })
  }
})

test('a bad configuration or state keeps it from starting', async () => {
  for (const bad of [{ points: 0 }, { windowMs: 99 }, { maxCallers: '9' }, { points: 3, fallbackPoints: 4 }]) {
    await expect(start({ config: bad })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(startFallback({ config: bad })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  }
  const sound = { who: 'ann', used: 1, endsAt: 1 }
  for (const restored of [{}, null, [null], [{ ...sound, used: -1 }], [{ ...sound, endsAt: Number.NaN }]]) {
    await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  }
})

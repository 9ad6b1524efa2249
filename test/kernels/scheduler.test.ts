import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import scheduler from '../../kernels/scheduler/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(scheduler, { id: 'scheduler', ...options })
const job = { name: 'tick', everyMs: 100, to: 'message_bus', method: 'publish', args: ['t', 1, 'scheduler'] }

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2027, 0, 15, 8, 0, 0) }))
afterEach(() => vi.useRealTimers())

test('a job tells its target every so many milliseconds, and each run is told to the log', async () => {
  const { ask, sent } = await start({ config: { jobs: [job] } })
  vi.advanceTimersByTime(99)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(101)
  const run = (n: number) => ({ what: 'job', job: 'tick', to: 'message_bus', method: 'publish', run: n })
  expect(sent).toEqual([
    { to: 'message_bus', method: 'publish', args: ['t', 1, 'scheduler'] },
    { to: 'immutable_log', method: 'append', args: [run(1)] },
    { to: 'message_bus', method: 'publish', args: ['t', 1, 'scheduler'] },
    { to: 'immutable_log', method: 'append', args: [run(2)] },
  ])
  expect(await ask.runs('tick')).toBe(2)
})

test('a cron job runs when its pattern comes true, in its time zone', async () => {
  const { ask } = await start()
  const cron = {
    name: 'half past',
    cron: '30 3 * * *',
    timezone: 'America/New_York',
    to: 'memory_fusion',
    method: 'size',
  }
  await ask.schedule(cron)
  vi.advanceTimersByTime(29 * 60_000)
  expect(await ask.runs('half past')).toBe(0)
  vi.advanceTimersByTime(2 * 60_000)
  expect(await ask.runs('half past'), '03:30 in New York is 08:30 UTC').toBe(1)
  vi.advanceTimersByTime(24 * 3_600_000)
  expect(await ask.runs('half past')).toBe(2)
})

test('a cancelled job runs no more, and after stop nothing does', async () => {
  const { ask, sent, stop } = await start({ config: { jobs: [job] } })
  await ask.schedule({ ...job, name: 'second' })
  expect(await ask.cancel('second')).toBe(true)
  expect(await ask.cancel('second')).toBe(false)
  vi.advanceTimersByTime(100)
  expect(sent).toHaveLength(2)
  await ask.schedule({ name: 'cron', cron: '* * * * * *', to: 'message_bus', method: 'stats' })
  await stop()
  vi.advanceTimersByTime(10_000)
  expect(sent).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('a successor goes on with jobs and counts; the configuration wins over a job of the same name', async () => {
  const first = await start({ config: { jobs: [job] } })
  await first.ask.schedule({ ...job, name: 'mine' })
  await first.ask.schedule({ ...job, name: 'theirs' })
  vi.advanceTimersByTime(300)
  const restored = await first.snapshot()
  await first.stop()
  const jobs = [job, { ...job, name: 'theirs', everyMs: 50 }]
  const second = await start({ config: { jobs }, restored })
  expect((await second.ask.jobs()).map(({ name, fixed, runs, everyMs }) => [name, fixed, runs, everyMs])).toEqual([
    ['tick', true, 3, 100],
    ['theirs', true, 3, 50],
    ['mine', false, 3, 100],
  ])
  expect(second.logged).toHaveLength(1)
  vi.advanceTimersByTime(100)
  expect(await second.ask.runs('mine')).toBe(4)
})

test('a job of the configuration can be neither cancelled nor replaced', async () => {
  const { ask } = await start({ config: { jobs: [job] } })
  await expect(ask.cancel('tick')).rejects.toMatchObject({ code: 'JOB_FIXED' })
  await expect(ask.schedule(job)).rejects.toMatchObject({ code: 'JOB_EXISTS' })
  await expect(ask.runs('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

const wrong: [unknown, string][] = [
  [7, ''],
  [{ ...job, name: '' }, '.name'],
  [{ ...job, everyMs: 9 }, '.everyMs'],
  [{ ...job, everyMs: 2 ** 31 }, '.everyMs'],
  [{ ...job, everyMs: '100' }, '.everyMs'],
  [{ ...job, everyMs: undefined }, 'either everyMs or cron'],
  [{ ...job, cron: '* * * * *' }, 'either everyMs or cron'],
  [{ ...job, everyMs: undefined, cron: 'sometimes' }, '.cron'],
  [{ ...job, everyMs: undefined, cron: '0 0 30 2 *' }, '.cron'],
  [{ ...job, everyMs: undefined, cron: '2020-01-01T00:00:00' }, '.cron'],
  [{ ...job, everyMs: undefined, cron: '* * * * *', timezone: 'Mars/Olympus' }, '.cron'],
  [{ ...job, to: undefined }, '.to'],
  [{ ...job, method: 'constructor' }, '.method'],
  [{ ...job, args: 'x' }, '.args'],
  [{ ...job, evryMs: 5 }, '.evryMs'],
]

test.each(wrong)('a wrong job is refused with a code and starts no timer: %j', async (bad, where) => {
  const { ask } = await start()
  await expect(ask.schedule(bad as never)).rejects.toMatchObject({
    ...{ code: 'INVALID_JOB', message: expect.stringContaining(where) },
  })
  expect(vi.getTimerCount()).toBe(0)
})

test.each(wrong)('the same in the configuration keeps the kernel from starting: %j', async (bad, where) => {
  await expect(start({ config: { jobs: [job, bad] } })).rejects.toMatchObject({
    ...{ code: 'CONFIG_INVALID', message: expect.stringContaining('config.jobs[1]') },
  })
  await expect(start({ config: { jobs: [bad] } })).rejects.toThrow(where)
  expect(vi.getTimerCount()).toBe(0)
})

test('two jobs of one name, a target that can be no kernel, a list that is none: no timer is left behind', async () => {
  await expect(start({ config: { jobs: [job, job] } })).rejects.toMatchObject({ code: 'JOB_EXISTS' })
  await expect(start({ config: { jobs: [job, { ...job, name: 'x', to: '../x' }] } })).rejects.toThrow('../x')
  await expect(start({ config: { jobs: job } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(start({ restored: { jobs: [{ name: 'x' }], runs: [] } })).rejects.toMatchObject({
    code: 'STATE_INVALID',
  })
  await expect(start({ restored: { jobs: [], runs: [['x', 'y']] } })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  expect(vi.getTimerCount()).toBe(0)
})

test('a date is no cron pattern: when it is over, the kernel could not start with it', async () => {
  const { ask } = await start()
  for (const cron of ['2027-01-15T09:00:00', '0 0 9 15 1 * 2027', '@daily']) {
    await expect(ask.schedule({ name: 'once', cron, to: 'x', method: 'go' })).rejects.toMatchObject({
      code: 'INVALID_JOB',
    })
  }
})

test('a state of the full number of jobs starts with one job more in the configuration; a caller gets no other', async () => {
  const jobs = Array.from({ length: 500 }, (_, n) => ({ ...job, name: `job ${n}` }))
  const { ask, stop } = await start({ config: { jobs: [job] }, restored: { jobs, runs: [] } })
  expect(await ask.jobs()).toHaveLength(501)
  await expect(ask.schedule({ ...job, name: 'more' })).rejects.toMatchObject({ code: 'TOO_MANY_JOBS' })
  await stop()
})

test('the shortest and the longest interval are taken', async () => {
  const { ask } = await start()
  await ask.schedule({ ...job, name: 'short', everyMs: 10 })
  await ask.schedule({ ...job, name: 'long', everyMs: 2_147_483_647 })
  vi.advanceTimersByTime(30)
  expect(await ask.runs('short')).toBe(3)
  expect(await ask.runs('long')).toBe(0)
})

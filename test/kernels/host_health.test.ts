import os from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Health, readConfig, type Sample } from '../../kernels/host_health/health.ts'
import host from '../../kernels/host_health/kernel.ts'
import { type Started, type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(host, { id: 'host_health', ...options })
const config = { everyMs: 1000, inARow: 2, keep: 5, maxLoadPerCpu: 3, minFreeMemory: 0.1, maxDelayMs: 200 }
const good: Sample = { at: 1, loadPerCpu: 3, freeMemory: 0.1, delayMs: 200 }

const machine = { load: 0, free: 0.5 }
beforeEach(() => {
  Object.assign(machine, { load: 0, free: 0.5 })
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  vi.spyOn(os, 'loadavg').mockImplementation(() => [machine.load * os.availableParallelism(), 0, 0])
  vi.spyOn(os, 'freemem').mockImplementation(() => machine.free * os.totalmem())
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})
function pass({ clock }: Pick<Started<never>, 'clock'>, ms: number): void {
  clock.nowMs += ms
  vi.advanceTimersByTime(ms)
}

test('the machine is sampled at its pace, and the last samples are kept', async () => {
  const kernel = await start({ config })
  const at = kernel.clock.nowMs
  expect(await kernel.ask.history()).toMatchObject([{ at, loadPerCpu: 0, freeMemory: 0.5 }])
  machine.load = 2
  pass(kernel, 999)
  expect(await kernel.ask.history()).toHaveLength(1)
  pass(kernel, 1)
  expect((await kernel.ask.now()).sample).toMatchObject({ at: at + 1000, loadPerCpu: 2 })
  for (let n = 2; n <= 7; n++) pass(kernel, 1000)
  const seconds = (await kernel.ask.history(100)).map((each) => (each.at - at) / 1000)
  expect(seconds).toEqual([3, 4, 5, 6, 7])
  expect((await kernel.ask.history(2)).map((each) => each.at)).toEqual([at + 6000, at + 7000])
})

test('the verdict turns with the second bad sample in a row, turns back likewise, and the bus is told each time', async () => {
  const kernel = await start({ config })
  const { ask, sent, clock } = kernel
  machine.load = 4
  pass(kernel, 1000)
  expect(await ask.now()).toMatchObject({ healthy: true, reasons: ['load 4.00 by processor, above 3'] })
  machine.load = 1
  pass(kernel, 1000)
  machine.free = 0.05
  pass(kernel, 1000)
  expect([await ask.isHealthy(), sent]).toEqual([true, []])
  pass(kernel, 1000)
  expect(await ask.isHealthy()).toBe(false)
  const bad = { healthy: false, reasons: ['memory 5.0 % free, below 10.0 %'], at: clock.nowMs }
  expect(sent).toEqual([{ to: 'message_bus', method: 'publish', args: ['host.health', bad, 'host_health'] }])
  pass(kernel, 5000)
  expect(sent, 'it is told once').toHaveLength(1)
  machine.free = 0.5
  pass(kernel, 2000)
  expect(await ask.isHealthy()).toBe(true)
  expect(sent.slice(1).map((each) => each.args[1])).toEqual([{ healthy: true, reasons: [], at: clock.nowMs }])
})

test('a thread that was held up is seen in the next sample, and in that one alone', async () => {
  const kernel = await start({ config })
  pass(kernel, 500)
  vi.spyOn(performance, 'now').mockReturnValueOnce(performance.now() + 420)
  pass(kernel, 500)
  expect(await kernel.ask.now()).toMatchObject({
    sample: { delayMs: 400 },
    reasons: ['timers 400 ms late, above 200 ms'],
  })
  pass(kernel, 1000)
  expect((await kernel.ask.now()).sample.delayMs).toBe(0)
})

test('a successor knows the samples and the verdict, and tells when it turns', async () => {
  const first = await start({ config })
  machine.load = 9
  pass(first, 2000)
  const second = await start({ config, restored: await first.snapshot() })
  expect(await second.ask.isHealthy()).toBe(false)
  expect(await second.ask.history()).toHaveLength(4)
  machine.load = 0
  pass(second, 2000)
  expect(second.sent.map((each) => each.args[1])).toMatchObject([{ healthy: true }])
})

test('nothing is sampled after the stop', async () => {
  const kernel = await start({ config })
  await kernel.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('a sample at its limits is good, and each step beyond is named', () => {
  const health = new Health(readConfig(config), undefined)
  expect(health.judge(good)).toEqual([])
  expect(health.judge({ ...good, loadPerCpu: 3.01 })).toEqual(['load 3.01 by processor, above 3'])
  expect(health.judge({ ...good, freeMemory: 0.09 })).toEqual(['memory 9.0 % free, below 10.0 %'])
  expect(health.judge({ ...good, delayMs: 201 })).toEqual(['timers 201 ms late, above 200 ms'])
})

test('a bad question is refused with a code', async () => {
  const { ask } = await start()
  const samples = [null, 7, {}, { ...good, at: undefined }, { ...good, freeMemory: 1.1 }, { ...good, delayMs: -1 }]
  for (const sample of samples) {
    await expect(ask.judge(sample as Sample)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
  for (const count of [0, 1.5, 10_001, '5']) {
    await expect(ask.history(count as number)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
})

test.each(['everyMs', 'inARow', 'keep', 'maxLoadPerCpu', 'minFreeMemory', 'maxDelayMs'])(
  'a bad config.%s keeps it from starting',
  async (name) => {
    for (const value of [-1, 'x', Number.NaN]) {
      const started = start({ config: { [name]: value } })
      await expect(started).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      await expect(started).rejects.toThrow(`config.${name}`)
    }
  },
)

test('a damaged state keeps it from starting', async () => {
  const states = [[], null, { samples: [] }, { samples: {}, healthy: true }, { samples: [{ at: 1 }], healthy: true }]
  for (const restored of states) await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})

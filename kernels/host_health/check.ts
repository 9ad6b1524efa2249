/** What must hold for the health of the host before it rejoins: it measures what there is, and judges by its limits. */
import assert from 'node:assert/strict'
import os from 'node:os'
import { defineCheck } from 'lazaret/kernel'
import type { HostHealth } from './kernel.ts'

export default defineCheck<HostHealth>(async ({ ask }) => {
  const { healthy, sample, reasons } = await ask.now()
  assert.ok(sample.at > 0, 'the first sample is there at once')
  assert.equal(healthy, true, 'one sample is no verdict')
  assert.equal(await ask.isHealthy(), true)
  assert.deepEqual(await ask.judge(sample), reasons)
  assert.deepEqual((await ask.history()).at(-1), sample)
  assert.equal((await ask.history(1)).length, 1)

  const load = sample.loadPerCpu * os.availableParallelism()
  const loadNow = os.loadavg()[0] ?? 0
  assert.ok(Math.abs(load - loadNow) < 1 + loadNow / 2, 'the load of the last minute, by processor')
  assert.ok(Math.abs(sample.freeMemory - os.freemem() / os.totalmem()) < 0.3, 'the share that is free')
  assert.ok(sample.delayMs >= 0)

  const good = { at: sample.at, loadPerCpu: 0, freeMemory: 1, delayMs: 0 }
  assert.deepEqual(await ask.judge(good), [])
  const bad = { at: sample.at, loadPerCpu: 1e6, freeMemory: 0, delayMs: 1e9 }
  assert.equal((await ask.judge(bad)).length, 3, 'everything that is wrong is named')
  for (const [key, word] of [
    ['loadPerCpu', 'load'],
    ['freeMemory', 'memory'],
    ['delayMs', 'timers'],
  ] as const) {
    const named = await ask.judge({ ...good, [key]: bad[key] })
    assert.equal(named.length, 1)
    assert.ok(named[0]?.includes(word))
  }
  await assert.rejects(ask.judge({ ...good, freeMemory: 2 }))
  await assert.rejects(ask.judge({ ...good, delayMs: Number.NaN }))
  await assert.rejects(ask.history(0))
})

/** What must hold for the health of the host before it rejoins. It expects the limits of fleet.yaml. */
import assert from 'node:assert/strict'
import os from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { defineCheck } from 'lazaret/kernel'
import type { HostHealth } from './kernel.ts'

export default defineCheck<HostHealth>(async ({ ask }) => {
  const sample = await ask.now()
  assert.ok(Number.isSafeInteger(sample.at) && sample.at > 0, 'a sample is there from the start on')
  const load = (os.loadavg()[0] ?? 0) / os.availableParallelism()
  // The kernel reads the same average at most a few seconds earlier.
  assert.ok(Math.abs(sample.load - load) <= 0.5 + load / 2, `the load for each core is ${load}, not ${sample.load}`)
  assert.ok(sample.memory > 0 && sample.memory <= 1, 'the memory in use is a share')
  assert.ok(sample.delayMs >= 0)
  assert.deepEqual(sample.over, await ask.judge(sample), 'a sample is judged as any figures are')

  const well = { load: 0.1, memory: 0.1, delayMs: 1 }
  const most = { load: 2, memory: 0.95, delayMs: 500 }
  assert.deepEqual(await ask.judge(well), [])
  assert.deepEqual(await ask.judge(most), [], 'at its limit a figure is still well')
  for (const key of ['load', 'memory', 'delayMs'] as const) {
    assert.deepEqual(await ask.judge({ ...most, [key]: most[key] + 0.01 }), [key], `${key} past its limit`)
  }
  assert.deepEqual(await ask.judge({ load: 99, memory: 1, delayMs: 9999 }), ['load', 'memory', 'delayMs'])
  assert.equal(await ask.isHealthy(), true, 'one sample is no verdict')

  const history = await ask.history(10_000)
  assert.deepEqual(history.at(-1), await ask.now(), 'the latest is the last')
  assert.deepEqual(await ask.history(1), history.slice(-1))
  for (const deadline = Date.now() + 4000; (await ask.history(10_000)).length < 2; await wait(20)) {
    assert.ok(Date.now() < deadline, 'no second sample came in 4 seconds')
  }
  const later = await ask.history(10_000)
  assert.deepEqual(later[0], sample, 'the oldest comes first')
  assert.ok((later[1]?.at ?? 0) >= sample.at)

  for (const n of [0, -1, 1.5, 10_001]) await assert.rejects(ask.history(n), `history(${n}) must be refused`)
  await assert.rejects(ask.judge({ ...well, load: Number.NaN }))
  await assert.rejects(ask.judge({ load: 1 } as never))
})

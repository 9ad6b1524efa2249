import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import { type SystemProbes, SystemSampler } from '../../src/diagnostics/system-sampler.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const probes = (change: Partial<SystemProbes> = {}): SystemProbes => ({
  cpu: async () => ({ percent: 1 }),
  memory: async () => ({ freeBytes: 2 }),
  disk: async () => [{ mount: '/' }],
  ...change,
})

/** Lets promises that are settled already run on. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('a sample is taken at once and then one each period; the last is served with its age', async () => {
  const clock = new ManualClock()
  let samples = 0
  const sampler = new SystemSampler(clock, probes({ cpu: async () => ({ n: ++samples }) }))
  // Before the first sample there is what costs nothing to know.
  expect(sampler.last()).toMatchObject({ ageMs: 0, sample: { tookMs: 0, cpus: expect.any(Number) } })
  expect(sampler.last().sample.memory?.totalBytes).toBeGreaterThan(0)
  sampler.start()
  sampler.start()
  await settled()
  clock.advance(limits.systemSampleMs - 1)
  await settled()
  expect(sampler.last()).toMatchObject({ ageMs: limits.systemSampleMs - 1, sample: { cpu: { n: 1 } } })
  clock.advance(1)
  await settled()
  expect(sampler.last()).toMatchObject({ ageMs: 0, sample: { cpu: { n: 2 }, memory: { freeBytes: 2 } } })
  await sampler.stop()
  expect(clock.pending()).toBe(0)
})

test('a part that fails is named in the sample and the others are kept', async () => {
  const clock = new ManualClock()
  const disk = () => Promise.reject(new Error('df is missing'))
  const memory = () => {
    throw new Error('no /proc')
  }
  const sampler = new SystemSampler(clock, probes({ disk, memory }))
  sampler.start()
  await settled()
  const sample = sampler.last()?.sample
  expect(sample).toMatchObject({ cpu: { percent: 1 }, errors: { disk: 'df is missing', memory: 'no /proc' } })
  expect(sample).not.toHaveProperty('disk')
  await sampler.stop()
})

test('a part that never answers is given up at its deadline, and stop() waits no longer than that', async () => {
  const clock = new ManualClock()
  const sampler = new SystemSampler(clock, probes({ disk: () => new Promise(() => {}) }))
  sampler.start()
  await settled()
  const stopped = sampler.stop()
  clock.advance(limits.systemProbeMs)
  await stopped
  expect(sampler.last()?.sample.errors).toEqual({ disk: `no answer within ${limits.systemProbeMs} ms` })
  expect(clock.pending()).toBe(0)
})

test('this machine can be sampled', async () => {
  const sampler = new SystemSampler(systemClock)
  sampler.start()
  await sampler.stop()
  const sample = sampler.last()?.sample
  expect(sample?.errors).toBeUndefined()
  expect(sample?.cpu?.percent).toEqual(expect.any(Number))
  expect(sample?.memory?.totalBytes).toBeGreaterThan(1e6)
  expect(sample?.disk).toEqual(expect.any(Array))
  expect(sample?.load).toHaveLength(3)
})

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { word } from '../../src/actor/protocol.ts'
import { systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import type { CpuTimeSource, CpuTimes } from '../../src/lifecycle/cpu-times.ts'
import { type HangVerdict, Heartbeat, judge, type Look, type WatchTarget } from '../../src/lifecycle/heartbeat.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const timeoutMs = 5000
const look = (atMs: number, runMs?: number, waitMs?: number): Look => ({
  ...{ atMs, beat: 1, idleMs: 10 },
  ...(runMs === undefined ? {} : { cpu: { runMs, waitMs } }),
})

test.each<[string, Look[], number, string]>([
  ['one look is life', [look(0)], 0, 'alive'],
  ['a beat is life', [look(0), { ...look(9000), beat: 2 }], 9000, 'alive'],
  ['idle time is life', [look(0), { ...look(9000), idleMs: 11 }], 9000, 'alive'],
  ['an idle time that cannot be read is no life', [look(0), { ...look(4999), idleMs: undefined }], 4999, 'quiet'],
  ['before the timeout nothing is judged', [look(0), look(250, 0, 0), look(4999, 4000, 0)], 4999, 'quiet'],
  ['own CPU time at the threshold is a spin', [look(0), look(250, 0, 0), look(5000, 750, 4000)], 5000, 'spinning'],
  [
    'own CPU time below it, the rest waited, is starved',
    [look(0), look(250, 0, 0), look(5000, 749, 4001)],
    5000,
    'starved',
  ],
  ['off the CPU at the threshold is blocked', [look(0), look(250, 0, 0), look(5000, 0, 2750)], 5000, 'blocked'],
  ['off the CPU below it is starved', [look(0), look(250, 0, 0), look(5000, 0, 2751)], 5000, 'starved'],
  ['starved until the cap', [look(0), look(250, 0, 0), look(34_999, 700, 34_049)], 34_999, 'starved'],
  ['guilty at the cap', [look(0), look(250, 0, 0), look(35_000, 700, 34_050)], 35_000, 'spinning'],
  ['life after a long time clears it', [look(0), look(9000, 9000, 0), { ...look(9250), beat: 2 }], 9250, 'alive'],
  ['no CPU times: only the wall counts', [look(0), look(5000)], 5000, 'blocked'],
  ['CPU times without waiting times: a spin', [look(0), look(250, 0), look(5000, 750)], 5000, 'spinning'],
])('%s', (_name, history, nowMs, pulse) => {
  expect(judge(history, nowMs, { timeoutMs })).toBe(pulse)
})

test('where waiting cannot be seen, a short timeout waits for the wall limit', () => {
  const history = (atMs: number) => [look(0), look(100, 0), look(atMs, 10)]
  expect(judge(history(limits.hangWallMs - 1), limits.hangWallMs - 1, { timeoutMs: 500 })).toBe('starved')
  expect(judge(history(limits.hangWallMs), limits.hangWallMs, { timeoutMs: 500 })).toBe('blocked')
})

test('a short timeout needs less CPU time for a verdict', () => {
  expect(judge([look(0), look(50, 0, 0), look(400, 300, 0)], 400, { timeoutMs: 400 })).toBe('spinning')
  expect(judge([look(0), look(50, 0, 0), look(400, 299, 51)], 400, { timeoutMs: 400 })).toBe('starved')
})

/** A thread that does what the test says. */
function fakeThread() {
  const clock = new ManualClock()
  const state = { idle: 0, cpu: { runMs: 0, waitMs: 0 } as CpuTimes | undefined, asked: 0 }
  const source: CpuTimeSource = { read: () => state.cpu, newRound: () => {} }
  const reports: unknown[] = []
  const heartbeat = new Heartbeat(clock, (thrown) => reports.push(thrown), source)
  const verdicts: HangVerdict[] = []
  const target: WatchTarget = {
    ...{ id: 'notes', threadName: 'notes', page: new Int32Array(new SharedArrayBuffer(64)), timeoutMs: 1000 },
    elu: () => ({ idle: state.idle }),
    onHang: (verdict) => void verdicts.push(verdict),
  }
  /** Sweeps, and what the thread does between two of them. */
  const sweeps = (count: number, between: () => void = () => {}) => {
    for (let n = 0; n < count; n += 1) {
      between()
      clock.advance(limits.heartbeatSweepMs)
    }
  }
  return { clock, state, heartbeat, verdicts, target, sweeps, reports }
}

const run = (state: { cpu: CpuTimes | undefined }, runMs: number, waitMs: number) => {
  state.cpu = { runMs: (state.cpu?.runMs ?? 0) + runMs, waitMs: (state.cpu?.waitMs ?? 0) + waitMs }
}

test('a spin is reported once, with how long and how much, and then no timer is left', () => {
  const { clock, state, heartbeat, verdicts, target, sweeps } = fakeThread()
  heartbeat.watch(target)
  sweeps(20, () => run(state, 250, 0))
  expect(verdicts).toEqual([{ kind: 'spinning', quietMs: 1000, cpuMs: 750 }])
  expect(clock.pending()).toBe(0)
})

test('a thread that stands still off the CPU is blocked', () => {
  const { heartbeat, verdicts, target, sweeps } = fakeThread()
  heartbeat.watch(target)
  sweeps(20)
  expect(verdicts).toMatchObject([{ kind: 'blocked', cpuMs: 0 }])
})

test('idle time and beats each clear a thread that burns CPU time', () => {
  const { state, heartbeat, verdicts, target, sweeps } = fakeThread()
  const unwatch = heartbeat.watch(target)
  sweeps(40, () => {
    run(state, 240, 0)
    state.idle += 0.1
  })
  sweeps(40, () => {
    run(state, 250, 0)
    Atomics.add(target.page, word.beat, 1)
  })
  expect(verdicts).toEqual([])
  unwatch()
})

test('a starved thread is not guilty until the cap', () => {
  const { state, heartbeat, verdicts, target, sweeps } = fakeThread()
  heartbeat.watch(target)
  const capSweeps = (limits.hangStarvedMs + target.timeoutMs) / limits.heartbeatSweepMs
  sweeps(capSweeps - 1, () => run(state, 1, 249))
  expect(verdicts).toEqual([])
  sweeps(1, () => run(state, 1, 249))
  expect(verdicts).toHaveLength(1)
})

test('while the host itself stands still nobody becomes guilty', () => {
  const { clock, state, heartbeat, verdicts, target } = fakeThread()
  let nowMs = 0
  let due: (() => void) | undefined
  clock.monotonicMs = () => nowMs
  clock.setTimeout = (fire) => {
    due = fire
  }
  heartbeat.watch(target)
  nowMs += limits.heartbeatSweepMs
  due?.()
  // The process is stopped for a minute, its threads with it; meanwhile nothing runs.
  nowMs += 60_000
  due?.()
  expect(verdicts).toEqual([])
  nowMs += limits.heartbeatSweepMs
  state.cpu = { runMs: 100, waitMs: 0 }
  due?.()
  expect(verdicts).toEqual([])
  // A thread that really hangs is found all the same, its timeout counted from when the host runs again.
  for (let n = 0; n < 4; n += 1) {
    nowMs += limits.heartbeatSweepMs
    run(state, 250, 0)
    due?.()
  }
  expect(verdicts).toMatchObject([{ kind: 'spinning' }])
})

test('one timer serves all threads, only while one is watched', () => {
  const { clock, heartbeat, target } = fakeThread()
  expect(clock.pending()).toBe(0)
  const offs = Array.from({ length: 50 }, (_, n) => heartbeat.watch({ ...target, id: `k${n}` }))
  expect(clock.pending()).toBe(1)
  for (const off of offs) off()
  expect(clock.pending()).toBe(0)
  heartbeat.watch(target)
  heartbeat.stop()
  expect(clock.pending()).toBe(0)
})

test('a callback that throws is reported and the others are still told', () => {
  const { state, heartbeat, verdicts, target, sweeps, reports } = fakeThread()
  const boom = new Error('boom')
  heartbeat.watch({
    ...target,
    onHang: () => {
      throw boom
    },
  })
  heartbeat.watch(target)
  sweeps(8, () => run(state, 250, 0))
  expect([reports, verdicts.length]).toEqual([[boom], 1])
})

test('without /proc the thread’s own answer tells a spin, and silence is blocked after the wall limit', async () => {
  for (const [cpuUsage, kind] of [
    [(n: number) => Promise.resolve({ user: n * 250_000, system: 0 }), 'spinning'],
    [() => new Promise<never>(() => {}), 'blocked'],
    [() => Promise.reject(new Error('ending')), 'blocked'],
  ] as const) {
    const { clock, state, heartbeat, verdicts, target } = fakeThread()
    state.cpu = undefined
    heartbeat.watch({ ...target, cpuUsage: () => cpuUsage(++state.asked) })
    for (let ms = 0; ms < limits.hangWallMs && verdicts.length === 0; ms += limits.heartbeatSweepMs) {
      clock.advance(limits.heartbeatSweepMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(verdicts).toMatchObject([{ kind }])
  }
})

test('a quiet thread is asked for a beat once a spell, at half its timeout, and cleared by it', () => {
  const { state, heartbeat, verdicts, target, sweeps } = fakeThread()
  let probes = 0
  heartbeat.watch({
    ...target,
    probe: () => {
      probes += 1
      // Its loop turns, but only now and then.
      if (probes < 3) Atomics.add(target.page, word.beat, 1)
    },
  })
  sweeps(1, () => run(state, 250, 0))
  expect(probes).toBe(0)
  sweeps(5, () => run(state, 250, 0))
  expect(probes).toBe(2)
  sweeps(20, () => run(state, 250, 0))
  expect([probes, verdicts.length]).toEqual([3, 1])
})

const workers = new Set<Worker>()

afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.terminate()))
  workers.clear()
})

let names = 0

/** A thread that runs `body` as soon as it exists; `page` is its shared page. */
function start(body: string): { worker: Worker; page: Int32Array; threadName: string } {
  names += 1
  const threadName = `beat${process.pid % 1000}.${names}`
  const page = new Int32Array(new SharedArrayBuffer(64))
  const code = `const { workerData: page, parentPort } = require('node:worker_threads'); ${body}`
  const worker = new Worker(code, { eval: true, name: threadName, workerData: page })
  workers.add(worker)
  return { worker, page, threadName }
}

/** Resolves with the verdict, or 'none' once `until` settles. */
async function watched(body: string, until?: (worker: Worker) => Promise<unknown>): Promise<HangVerdict | 'none'> {
  const { worker, page, threadName } = start(body)
  const hang = Promise.withResolvers<HangVerdict>()
  const heartbeat = new Heartbeat(systemClock, hang.reject)
  heartbeat.watch({
    ...{ id: 'k', threadName, page, timeoutMs: 1000, onHang: hang.resolve },
    elu: () => worker.performance.eventLoopUtilization(),
    probe: () => worker.postMessage('beat'),
    cpuUsage: () => worker.cpuUsage(),
  })
  try {
    return await (until === undefined
      ? hang.promise
      : Promise.race([hang.promise, until(worker).then(() => 'none' as const)]))
  } finally {
    heartbeat.stop()
  }
}

test('a real thread that spins from its first line is found', async () => {
  expect(await watched('for (;;);')).toMatchObject({ kind: 'spinning' })
})

test('a real thread that spins after it was idle is found', async () => {
  expect(await watched('setTimeout(() => { for (;;); }, 300)')).toMatchObject({ kind: 'spinning' })
})

test('a real thread in Atomics.wait is found', async () => {
  expect(await watched('Atomics.wait(page, 8, 0)')).toMatchObject({ kind: 'blocked' })
})

test('a real idle thread is alive for as long as one looks', async () => {
  const idle = 'parentPort.on("message", () => {}); setTimeout(() => parentPort.postMessage("done"), 3000)'
  expect(await watched(idle, (worker) => once(worker, 'message'))).toBe('none')
})

test('a real thread that is busy without pause and beats is alive', async () => {
  const busy = `const end = Date.now() + 3000
    while (Date.now() < end) { for (let n = 0; n < 1e6; n += 1); Atomics.add(page, ${word.beat}, 1) }
    parentPort.postMessage('done')`
  expect(await watched(busy, (worker) => once(worker, 'message'))).toBe('none')
})

test('a real thread whose loop turns without ever being idle is alive, because it answers the probe', async () => {
  const turning = `parentPort.on('message', () => Atomics.add(page, ${word.beat}, 1))
    const end = Date.now() + 3000
    const turn = () => (Date.now() < end ? setImmediate(turn) : parentPort.postMessage('done'))
    turn()`
  expect(await watched(turning, (worker) => once(worker, 'message'))).toBe('none')
})

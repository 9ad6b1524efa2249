import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterAll, afterEach, expect, test } from 'vitest'
import { linuxCpuTimes } from '../../src/lifecycle/cpu-times.ts'
import { profileOfThread } from '../../src/lifecycle/hang-profile.ts'
import { stackOfThread } from '../../src/lifecycle/hang-stack.ts'
import { attachInspector } from '../../src/lifecycle/inspector.ts'

const workers = new Set<Worker>()
/** Ample on a busy machine; 40 ms are usual. */
const deadlineMs = 10_000

const detach = attachInspector()
afterAll(detach)

afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.terminate()))
  workers.clear()
})

/** Resolves when the thread is within `body`; the thread answers messages when it is free. */
async function start(name: string, body = ''): Promise<Worker> {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const code = `const { parentPort, workerData: flag } = require('node:worker_threads'); require('node:crypto')
    parentPort.on('message', (message) => parentPort.postMessage(message))
    const here = () => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0) }
    setImmediate(function begin() { here(); ${body} })`
  const worker = new Worker(code, { eval: true, name, workerData: flag })
  workers.add(worker)
  expect(await Atomics.waitAsync(flag, 0, 0, deadlineMs).value).not.toBe('timed-out')
  return worker
}

/** Looks again and again, with a deadline. */
async function until(holds: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(deadlineMs)
  while (!holds()) await delay(10, undefined, { signal })
}

/** Resolves when the thread has burnt CPU time of its own for a while: it is within its native call by then. */
async function burning(name: string): Promise<void> {
  const times = linuxCpuTimes()
  const runMs = () => {
    times?.newRound()
    return times?.read(name)?.runMs ?? Number.POSITIVE_INFINITY
  }
  const enough = runMs() + 100
  await until(() => runMs() >= enough)
}

async function answers(worker: Worker): Promise<boolean> {
  const reply = once(worker, 'message', { signal: AbortSignal.timeout(deadlineMs) })
  worker.postMessage('ping')
  return (await reply)[0] === 'ping'
}

test('a spinning thread is shown by name with its functions, and can be ended', async () => {
  const worker = await start('spinner', 'function deep() { for (;;); } deep()')
  const found = await stackOfThread('spinner', deadlineMs)
  expect(found?.frames.slice(0, 2).map((frame) => frame.fn)).toEqual(['deep', 'begin'])
  expect(found?.stack).toMatch(/^ {4}at deep \(.+:4:\d+\)\n {4}at begin \(.+:4:\d+\)/)
  expect(await worker.terminate()).toBe(1)
})

test('a thread in Atomics.wait is shown too', async () => {
  await start('waiter', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)')
  const found = await stackOfThread('waiter', deadlineMs)
  expect(found?.frames.map((frame) => frame.fn)).toContain('begin')
})

test('a thread that was merely slow goes on, and no other thread is left paused', async () => {
  const other = await start('other')
  const slow = await start('slow', 'const end = Date.now() + 1500; while (Date.now() < end);')
  expect((await stackOfThread('slow', deadlineMs))?.frames[0]?.fn).toBe('begin')
  expect(await answers(other)).toBe(true)
  expect(await answers(slow)).toBe(true)
  const later = await start('later')
  expect(await answers(later)).toBe(true)
})

test('a thread in a native call has no stack within the deadline, and is not paused by it later', async () => {
  const native = await start('native', "require('node:crypto').pbkdf2Sync('a', 'b', 2e6, 64, 'sha512')")
  await burning('native')
  expect(await stackOfThread('native', 200)).toBeUndefined()
  expect(await answers(native)).toBe(true)
})

test('an idle thread has no stack to show and still answers', async () => {
  const idle = await start('idle')
  const idleMs = idle.performance.eventLoopUtilization().idle
  await until(() => idle.performance.eventLoopUtilization().idle > idleMs)
  expect(await stackOfThread('idle', 300)).toBeUndefined()
  expect(await answers(idle)).toBe(true)
})

test('no thread of that name means no stack, at once', async () => {
  await start('known')
  expect(await stackOfThread('unknown', deadlineMs)).toBeUndefined()
})

test('several threads can be asked for at the same time', async () => {
  const spin = (fn: string) => `function ${fn}() { for (;;); } ${fn}()`
  await start('first', spin('one'))
  await start('second', spin('two'))
  const idle = await start('bystander')
  const stacks = await Promise.all(['first', 'second', 'first'].map((name) => stackOfThread(name, deadlineMs)))
  expect(stacks.map((found) => found?.frames[0]?.fn)).toEqual(['one', 'two', 'one'])
  expect(await answers(idle)).toBe(true)
})

test('stacks are read while other threads begin and end', async () => {
  await start('spins', 'for (;;);')
  const comeAndGo = async () => {
    for (let round = 0; round < 8; round++) await new Worker('', { eval: true }).terminate()
  }
  const passing = [comeAndGo(), comeAndGo(), comeAndGo()]
  for (let round = 0; round < 8; round++) {
    expect((await stackOfThread('spins', deadlineMs))?.frames[0]?.fn).toBe('begin')
  }
  await Promise.all(passing)
})

test('the deadline holds for those that wait for their turn too', async () => {
  await start('turns', "require('node:crypto').pbkdf2Sync('a', 'b', 2e6, 64, 'sha512')")
  await burning('turns')
  const both = await Promise.all([stackOfThread('turns', 200), stackOfThread('turns', 100)])
  expect(both).toEqual([undefined, undefined])
})

test('the profile of a spinning thread names the functions that it spends its time in', async () => {
  const worker = await start(
    'burner',
    'function outer() { for (;;) inner() } function inner() { let n = 0; while (n < 1e6) n++ } outer()',
  )
  const profile = await profileOfThread('burner', 100, deadlineMs)
  const names = new Set(profile?.nodes.map(({ callFrame }) => callFrame.functionName))
  expect([...names]).toEqual(expect.arrayContaining(['begin', 'outer', 'inner']))
  expect(profile?.samples?.length).toBeGreaterThan(10)
  expect(await worker.terminate()).toBe(1)
})

test('a thread in Atomics.wait has a profile too, and stays as it is', async () => {
  await start('sleeper', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)')
  const profile = await profileOfThread('sleeper', 50, deadlineMs)
  expect(profile?.nodes.map(({ callFrame }) => callFrame.functionName)).toContain('begin')
})

test('a thread that was merely slow goes on after its profile; an unknown one has none, at once', async () => {
  const slow = await start('slowish', 'const end = Date.now() + 700; while (Date.now() < end);')
  expect(await profileOfThread('slowish', 50, deadlineMs)).toBeDefined()
  expect(await answers(slow)).toBe(true)
  expect(await profileOfThread('nobody', 50, deadlineMs)).toBeUndefined()
})

test('a thread in a native call has no profile within the deadline, and still answers', async () => {
  const native = await start('digging', "require('node:crypto').pbkdf2Sync('a', 'b', 2e6, 64, 'sha512')")
  await burning('digging')
  expect(await profileOfThread('digging', 50, 200)).toBeUndefined()
  expect(await answers(native)).toBe(true)
})

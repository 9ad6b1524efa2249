/** Commands, ends and boots that cross one another: never two instances, never a thread that nobody asked for. */
import { mkdirSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LazaretError } from '../../src/index.ts'
import { climb, misspell, fast as quick } from '../five-steps/ladder.ts'
import { fast, house, kernelOf } from '../support/house.ts'

const slowToLeave = kernelOf(`append('starts', ctx.id)
return { api: { ping: () => 1 }, stop: async () => {
  append('stops', ctx.id)
  await new Promise((done) => setTimeout(done, 250))
} }`)

async function codeOf(reply: Promise<unknown> | undefined): Promise<string> {
  return Promise.resolve(reply).then(
    () => 'OK',
    (error: LazaretError) => error.code,
  )
}

test('a restart that a quarantine overtakes starts nothing, and stop() runs once', async () => {
  await using place = await house([{ id: 'one', source: slowToLeave, degraded: { mode: 'reject' } }])
  const one = place.runtime.kernel('one')
  const restarted = one.restart().catch((error: LazaretError) => error.code)
  expect(await one.quarantine()).toMatchObject({ state: 'quarantined.parked' })
  await restarted
  await place.seen(({ type }) => type === 'kernel.stopped')
  expect(place.runtime.threadOf('one')).toBeUndefined()
  expect(await one.rejoin()).toMatchObject({ state: 'rejoined.probation' })
  expect(await place.runtime.ref('one').ask.ping?.()).toBe(1)
  expect(place.lines('starts')).toHaveLength(2)
  expect(place.lines('stops')).toHaveLength(1)
})

const counter = kernelOf(`let n = ctx.restored ?? 0
return { api: { add(k) { n += k; return n } }, snapshot: () => n }`)

test('what a healthy kernel held is there again, however soon it rejoins after its quarantine', async () => {
  await using place = await house([{ id: 'one', source: counter, snapshot: { everyMs: 60_000 } }])
  const one = place.runtime.kernel('one')
  await place.runtime.ref('one').ask.add?.(1)
  await one.quarantine()
  await one.rejoin()
  expect(await place.runtime.ref('one').ask.add?.(100)).toBe(101)
})

test('what a kernel on probation held is not kept when it is quarantined', async () => {
  await using place = await house([
    { id: 'one', source: counter, snapshot: { everyMs: 60_000 }, restart: { stableMs: 30_000 } },
  ])
  const one = place.runtime.kernel('one')
  const gone = (times: number) => place.seen(() => place.of('kernel.stopped', 'one').length === times)
  await place.runtime.ref('one').ask.add?.(1)
  await one.quarantine()
  await one.rejoin()
  await place.runtime.ref('one').ask.add?.(100)
  await one.quarantine()
  await gone(2)
  await one.rejoin()
  expect(await place.runtime.ref('one').ask.add?.(0)).toBe(1)
})

test('a kernel that is quarantined while it leaves takes no message, also where it says ready at that moment', async () => {
  const source = kernelOf(`const until = Date.now() + 300
while (Date.now() < until);
return { api: { ping: () => append('handled', 'x') }, stop: () => new Promise((done) => setTimeout(done, 200)) }`)
  await using place = await house([{ id: 'late', source, degraded: { mode: 'reject' } }], { start: false })
  const started = place.runtime.start()
  await place.seen(({ type }) => type === 'kernel.started')
  await place.runtime.kernel('late').quarantine()
  const late = place.runtime.ref('late')
  while (place.runtime.threadOf('late') !== undefined) {
    expect(await codeOf(late.ask.ping?.())).toBe('KERNEL_UNAVAILABLE')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await started
  expect(place.lines('handled')).toEqual([])
  expect(place.of('kernel.rejoined')).toEqual([])
})

test('a boot that was overtaken, and fails late on a slow disk, is not the failure of the instance that serves', async () => {
  await using place = await house([{ id: 'one', source: kernelOf('return { api: { ping: () => 1 } }') }])
  const { mkdir } = fs
  const disk = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  let calls = 0
  fs.mkdir = (async (path: string, options?: object) => {
    if (!String(path).endsWith(join('kernels', 'one'))) return mkdir(path, options)
    calls += 1
    if (calls > 1) return mkdir(path, options)
    reached.resolve()
    await disk.promise
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  }) as typeof fs.mkdir
  syncBuiltinESMExports()
  try {
    const one = place.runtime.kernel('one')
    const overtaken = one.restart().catch(() => 'overtaken')
    await reached.promise
    await one.quarantine()
    await one.rejoin()
    disk.resolve()
    await place.seen(({ type }) => type === 'runtime.failed')
    await overtaken
    expect(await place.runtime.ref('one').ask.ping?.()).toBe(1)
    expect(place.of('kernel.crashed')).toEqual([])
    expect(one.status().state).toMatch(/^(rejoined|running)/)
  } finally {
    fs.mkdir = mkdir
    syncBuiltinESMExports()
  }
})

test('a runtime that stops refuses commands and comes to its end', async () => {
  await using place = await house([
    { id: 'slow', source: slowToLeave },
    { id: 'parked', source: slowToLeave },
  ])
  await place.runtime.kernel('parked').quarantine()
  const stopped = place.runtime.stop()
  for (const name of ['restart', 'rejoin', 'quarantine', 'repair', 'park'] as const) {
    await expect(place.runtime.kernel('parked')[name]()).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' })
  }
  await expect(place.runtime.approve('task_1')).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' })
  await stopped
  expect(place.lines('starts').toSorted()).toEqual(['parked', 'slow'])
})

test.each(['repair.verified', 'hotfix.applied'] as const)(
  'a runtime that stops at %s leaves no thread, and the next one goes on',
  async (point) => {
    // Another start is left for the process that follows.
    const kernels = [{ id: 'notes', restart: { ...quick.restart, max: 2, stableMs: 1500 } }]
    const first = await climb({ keep: true, kernels })
    await first.runtime.ref('notes').ask.put?.('a', 'alpha')
    await first.until('snapshot.golden')
    first.edit('kernel.ts', misspell)
    await first.runtime.kernel('notes').restart()
    const reached = first.until(point)
    let stopped: Promise<void> | undefined
    first.runtime.on('event', ({ type }) => {
      if (type === point) stopped = first.runtime.stop()
    })
    await first.askUntilDown('find')
    await reached
    await stopped
    expect(first.runtime.threadOf('notes')).toBeUndefined()
    expect(first.types().slice(first.types().indexOf(point))).not.toContain('kernel.started')

    await using second = await climb({ folder: first.folder, kernels })
    await second.until('kernel.recovered', { seen: true })
    expect(await second.runtime.ref('notes').ask.find?.('alp')).toBe(1)
    expect(second.runtime.journal.hotfixes('notes')[0]).toMatchObject({ status: 'steady' })
  },
)

test('where the ladder cannot go on, because the disk refuses, the kernel is parked with the reason', async () => {
  await using place = await house(
    [{ id: 'lost', source: kernelOf("throw new Error('always')"), restart: { max: 0, ...fast } }],
    { start: false },
  )
  mkdirSync(join(place.folder, 'data'), { recursive: true })
  writeFileSync(join(place.folder, 'data', 'snapshots'), 'a file where a folder should be')
  const [status] = await place.runtime.start()
  expect(status).toMatchObject({ state: 'quarantined.parked' })
  expect(status?.why).toMatch(/ENOTDIR|not a directory|decide failed|snapshots/)
})

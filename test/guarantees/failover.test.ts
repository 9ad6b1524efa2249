/** A kernel with a standby leaves service: what its callers see, what becomes of its messages, and how it comes back. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killThread } from '../../src/chaos/index.ts'
import { createRuntime, type Runtime } from '../../src/index.ts'
import { fast, house, kernelOf, type TestHouse } from '../support/house.ts'

/** Counts, writes down what it handles, and crashes where it is told to. */
const counter = kernelOf(`
    let count = ctx.restored ?? 0
    append('starts', String(ctx.restored ?? 'nothing'))
    return {
      api: {
        add(n) { count += 1; append('handled', String(n)); return count },
        crash() { setImmediate(() => { throw new Error('told to') }) },
        count: () => count,
      },
      snapshot: () => count,
    }`)

const withStandby = { tier: 1, replicas: 1, restart: { ...fast, max: 0, stableMs: 60_000 } } as const

const soonSteady = { ...fast, max: 0, stableMs: 150 }

async function ready(at: TestHouse, kernel = 'counter', nth = 1): Promise<void> {
  await at.seen(
    (event) => event.type === 'standby.ready' && event.kernel === kernel && at.of('standby.ready').length >= nth,
  )
}

type Counter = { add(n: number): Promise<number>; count(): Promise<number>; crash(): Promise<void> }
const counterOf = (runtime: Runtime) => runtime.ref<Counter>('counter')

test('under steady asks a standby takes over: each ask settles, none is handled twice, the order is kept', async () => {
  await using at = await house([{ id: 'counter', source: counter, ...withStandby, snapshot: { everyMs: 50 } }])
  await ready(at)
  const { ask } = counterOf(at.runtime)
  const outcomes: Promise<{ n: number; code: string }>[] = []
  let n = 0
  const send = () => {
    n += 1
    const mine = n
    outcomes.push(
      ask.add(mine).then(
        () => ({ n: mine, code: 'OK' }),
        (error: { code: string }) => ({ n: mine, code: error.code }),
      ),
    )
  }
  const done = Promise.withResolvers<void>()
  const timer = setInterval(() => {
    for (let burst = 0; burst < 5; burst += 1) send()
    if (n === 200) void killThread(at.runtime, 'counter')
    if (n >= 600) {
      clearInterval(timer)
      done.resolve()
    }
  }, 5)
  await done.promise
  const settled = await Promise.all(outcomes)
  const completed = await at.seen(({ type }) => type === 'failover.completed')
  expect(at.runtime.status()[0]).toMatchObject({ servedBy: 'standby', epoch: 2 })
  expect(completed).toMatchObject({ epoch: 2, gapMs: expect.any(Number), stateAgeMs: expect.any(Number) })

  const handled = at.lines('handled').map(Number)
  expect(new Set(handled).size, 'none is handled twice').toBe(handled.length)
  expect(handled, 'in the order of sending').toEqual(handled.toSorted((a, b) => a - b))
  const failed = settled.filter(({ code }) => code !== 'OK')
  expect(settled).toHaveLength(600)
  // Only what was in its hands when it was killed.
  expect(failed.length).toBeLessThanOrEqual(1)
  expect(at.lines('starts')).toHaveLength(2)
})

test('the standby starts from the last snapshot, and says how old that is', async () => {
  await using at = await house([{ id: 'counter', source: counter, ...withStandby, snapshot: { everyMs: 20 } }])
  await ready(at)
  const { ask } = counterOf(at.runtime)
  for (const n of [1, 2, 3]) await ask.add(n)
  const mark = at.events.at(-1)?.seq ?? 0
  // The first may have been taken before the last message.
  await at.seen(() => at.of('snapshot.taken').filter(({ seq }) => seq > mark).length >= 2)
  await killThread(at.runtime, 'counter')
  expect(await ask.count()).toBe(3)
  expect(at.lines('starts')).toEqual(['nothing', '3'])
})

test('what was repaired stands by, the standby that served is the instance, and the incident is closed', async () => {
  await using at = await house([
    // In the sandbox it must not write outside of its own folder.
    { id: 'counter', source: counter.replace(/append\('.*?\)\)?;? ?/g, ''), ...withStandby, restart: soonSteady },
  ])
  const { runtime } = at
  const source = join(at.folder, 'counter', 'kernel.ts')
  await at.seen(({ type }) => type === 'snapshot.golden')
  await ready(at)
  const { ask } = counterOf(runtime)
  await ask.add(1)
  // A bad edit, and the restart that takes it: the standby still has what was good.
  writeFileSync(source, readFileSync(source, 'utf8').replace('count += 1;', 'count += undefined.length;'))
  await runtime.kernel('counter').restart()
  await expect(ask.add(2)).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  await at.seen(({ type }) => type === 'failover.completed')
  await expect(ask.add(3)).resolves.toBeGreaterThan(0)
  const recovered = await at.seen(({ type }) => type === 'kernel.recovered')
  expect(recovered).toMatchObject({ healedBy: 'failover' })
  const [status] = runtime.status()
  expect(status).toMatchObject({ state: 'running.steady', servedBy: 'instance', standbys: { ready: 1, of: 1 } })
  expect(status?.incident).toBeUndefined()
  expect(status?.starts).toMatchObject({ first: 1, command: 1, promotion: 1, rejoin: 0 })
  expect(runtime.journal.incidents({})[0]).toMatchObject({ status: 'resolved', healedBy: 'failover' })
  // The one that stands by has the repair: it serves when it is needed.
  await killThread(runtime, 'counter')
  await expect(ask.add(4)).resolves.toBeGreaterThan(0)
  const [, second] = at.of('failover.completed')
  const [, repaired] = at.of('standby.ready')
  expect(second?.thread, 'the very thread that loaded the repair').toBe(repaired?.thread)
})

test('a standby that crashes gives way to the next, then to the degraded mode', async () => {
  await using at = await house([
    { id: 'counter', source: counter, ...withStandby, replicas: 2, degraded: { mode: 'reject' } },
  ])
  await ready(at, 'counter', 2)
  const { ask } = counterOf(at.runtime)
  for (const served of ['standby', 'standby', 'reject']) {
    const before = at.of('failover.completed').length
    const lost = at.seen(({ type, seq }) => (type === 'standby.lost' || type === 'kernel.crashed') && seq > 0)
    await killThread(at.runtime, 'counter')
    await lost
    if (served === 'reject') break
    await at.seen(() => at.of('failover.completed').length > before)
    expect(at.runtime.status()[0]?.servedBy).toBe(served)
    await expect(ask.add(1)).resolves.toBeGreaterThan(0)
  }
  await expect(ask.add(1)).rejects.toMatchObject({ code: 'KERNEL_UNAVAILABLE' })
  expect(at.of('degraded.changed')).toMatchObject([{ from: 'standby', mode: 'reject' }])
  expect(at.runtime.status()[0]?.starts).toMatchObject({ first: 1, promotion: 2, restart: 0 })
})

test('a message that brings down the instance and then the standby is poison, and the next standby is spared', async () => {
  const fragile = kernelOf(`return { api: { take(what) { if (what === 'bad') process.exit(3); return what } } }`)
  await using at = await house([{ id: 'fragile', source: fragile, ...withStandby, replicas: 2 }])
  await ready(at, 'fragile', 2)
  const { ask } = at.runtime.ref('fragile').with({ idempotent: true })
  await expect(ask.take?.('bad')).rejects.toMatchObject({ code: 'MESSAGE_POISONED' })
  await expect(ask.take?.('good')).resolves.toBe('good')
  expect(at.runtime.status()[0]).toMatchObject({ servedBy: 'standby', starts: { promotion: 2 } })
})

test('a person takes the kernel out of service: its standby serves once the instance has ended, and hands back', async () => {
  await using at = await house([{ id: 'counter', source: counter, ...withStandby }])
  await ready(at)
  const { ask } = counterOf(at.runtime)
  await ask.add(1)
  await at.runtime.kernel('counter').quarantine()
  await at.seen(({ type }) => type === 'failover.completed')
  expect(await ask.count(), 'the last state of an orderly end').toBe(1)
  const status = await at.runtime.kernel('counter').rejoin()
  expect(status).toMatchObject({ state: 'rejoined.probation', servedBy: 'instance', standbys: { ready: 1 } })
  expect(await ask.count()).toBe(1)
  expect(at.of('degraded.left')).toMatchObject([{ mode: 'standby' }])
})

test('a thread that cannot be ended is left behind: nothing that it says later is heard', async () => {
  // A read from a pipe that nobody writes to: a system call, out of reach of terminate().
  const blocked = kernelOf(
    `
    const ref = ctx.ref('witness')
    return { api: {
      block() { readFileSync('FOLDER/pipe'); ref.tell.note('late'); return 'late' },
      who: () => 'alive',
    } }`,
    `import { readFileSync } from 'node:fs'`,
  )
  const witness = kernelOf(`return { api: { note(text) { append('notes', text) }, size: () => 0 } }`)
  await using at = await house(
    [
      { id: 'witness', source: witness },
      { id: 'blocked', source: blocked, ...withStandby, heartbeat: { timeoutMs: 300 } },
    ],
    { start: false },
  )
  const { execFileSync } = await import('node:child_process')
  execFileSync('mkfifo', [join(at.folder, 'pipe')])
  await at.runtime.start()
  await ready(at, 'blocked')
  const ask = at.runtime.ref('blocked').with({ deadlineMs: 20_000 }).ask
  await expect(ask.block?.()).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  await at.seen(({ type }) => type === 'failover.completed')
  expect(await ask.who?.()).toBe('alive')
  // Now it goes on, in an epoch that is over.
  writeFileSync(join(at.folder, 'pipe'), 'go')
  await at.runtime.ref('witness').ask.size?.()
  await ask.who?.()
  expect(at.lines('notes')).toEqual([])
  expect(at.of('kernel.stuck', 'blocked')).toHaveLength(1)
})

test('a kernel that an earlier process left out of service is served by a standby again, in a later epoch', async () => {
  const kernel = { ...withStandby, repair: { autonomy: 'observe' } } as const
  await using at = await house([{ id: 'counter', source: counter, ...kernel }])
  await ready(at)
  await counterOf(at.runtime).ask.add(1)
  await killThread(at.runtime, 'counter')
  await at.seen(({ type }) => type === 'failover.completed')
  await counterOf(at.runtime).ask.add(2)
  await at.runtime.stop()
  expect(at.runtime.status()[0]?.state).toBe('quarantined.parked')

  const next = createRuntime({
    fleet: { kernels: [{ id: 'counter', entry: join(at.folder, 'counter', 'kernel.ts'), ...kernel }] },
    ...{ log: false, dataDir: join(at.folder, 'data'), quarantineDir: join(at.folder, 'quarantine') },
  })
  const completed = new Promise((resolve) =>
    next.on('event', (event) => event.type === 'failover.completed' && resolve(event)),
  )
  await next.start()
  expect(await completed).toMatchObject({ epoch: 3 })
  // What the standby of the first process was told is in its last snapshot: it ended in an orderly way.
  expect(await counterOf(next).ask.count()).toBe(1)
  expect(next.status()[0]).toMatchObject({ state: 'quarantined.parked', servedBy: 'standby', epoch: 3 })
  await next.stop()
})

test('a standby that cannot load is told of, once, and the kernel runs on', async () => {
  const source = kernelOf(`return { api: { ping: () => 'pong' } }`)
  await using at = await house([{ id: 'plain', source, ...withStandby }], { start: false })
  const file = join(at.folder, 'plain', 'kernel.ts')
  // Only the second thread that loads it finds it broken.
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace(
        'export default',
        `if (existsSync('${at.folder}/seen')) throw new Error('broken')
append('seen', 'once')
export default`,
      )
      .replace('import { appendFileSync }', 'import { appendFileSync, existsSync }'),
  )
  await at.runtime.start()
  const lost = await at.seen(({ type }) => type === 'standby.lost')
  expect(lost).toMatchObject({ kernel: 'plain', served: false, phase: 'import', error: { message: 'broken' } })
  expect(await at.runtime.ref('plain').ask.ping?.()).toBe('pong')
  expect(at.runtime.status()[0]).toMatchObject({
    state: 'running.settling',
    standbys: { ready: 0, of: 1 },
    failures: 0,
  })
  expect(at.lines('seen')).toHaveLength(1)
})

test('the runtime stops with a standby that serves and one that waits: no thread is left', async () => {
  await using at = await house([{ id: 'counter', source: counter, ...withStandby, replicas: 2 }])
  await ready(at, 'counter', 2)
  await killThread(at.runtime, 'counter')
  await at.seen(({ type }) => type === 'failover.completed')
  const pending = counterOf(at.runtime)
    .ask.add(1)
    .catch((error: { code: string }) => error.code)
  await at.runtime.stop()
  expect([1, 'RUNTIME_STOPPED']).toContain(await pending)
  const threads = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker')
  expect(threads).toEqual([])
})

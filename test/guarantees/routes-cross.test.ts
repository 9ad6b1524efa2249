/** Stand-ins that cross with commands, crashes and the end of the runtime: each of these was broken once. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killThread } from '../../src/chaos/index.ts'
import type { KernelStatus } from '../../src/index.ts'
import { fast, house, kernelOf, type TestHouse, type TestKernel } from '../support/house.ts'

/** `opened(name)` resolves in the kernel when the test has opened that gate: a file of the folder. */
const gates = `import { existsSync } from 'node:fs'
const isOpen = (name) => existsSync('FOLDER/' + name)
const opened = (name) => new Promise((done) => {
  const timer = setInterval(() => { if (isOpen(name)) { clearInterval(timer); done() } }, 5)
})
`
const kernel = (body: string, before = '') => kernelOf(body, gates + before)
const open = (at: TestHouse, name: string) => writeFileSync(join(at.folder, name), '')
const status = (at: TestHouse, id = 'k'): KernelStatus => at.runtime.kernel(id).status()
const code = (asked: Promise<unknown> | undefined) =>
  Promise.resolve(asked).then(
    (value) => value,
    (error: { code: string }) => error.code,
  )
/** Waits for something that no event tells of: a line in a file, a state. */
const until = (test: () => boolean) => expect.poll(test, { timeout: 15_000, interval: 5 }).toBe(true)

const observed: Omit<TestKernel, 'source'> = {
  ...{ id: 'k', tier: 1, restart: { ...fast, max: 0, stableMs: 60_000 }, repair: { autonomy: 'observe' } },
}

/** A kernel with a standby, both of which beat; the module loads only when gate `go` is open, once `slow` is. */
const slowToLoad: TestKernel = {
  ...observed,
  replicas: 1,
  source: kernel(
    `append('starts', 'one')
    const timer = setInterval(() => append('beats', 'one'), 20)
    return { api: { ping: () => 'kernel' }, stop() { clearInterval(timer) } }`,
    `appendFileSync('FOLDER/imports', 'one\\n')
if (isOpen('slow')) await opened('go')
if (isOpen('bad')) throw new Error('bad import')`,
  ),
}

async function failedOver(at: TestHouse): Promise<void> {
  await at.seen(({ type }) => type === 'standby.ready')
  await killThread(at.runtime, 'k')
  await at.seen(({ type }) => type === 'failover.completed')
  await at.seen(({ type }) => type === 'kernel.parked')
}

test('a standby serves, and what was repaired does not load: the standby goes on serving', async () => {
  await using at = await house([slowToLoad])
  await failedOver(at)
  open(at, 'bad')
  await at.runtime.kernel('k').rejoin()
  await until(() => status(at).state === 'quarantined.parked')
  expect(await code(at.runtime.ref('k').ask.ping?.())).toBe('kernel')
  expect(status(at)).toMatchObject({ servedBy: 'standby', epoch: 2 })
})

test('a person takes it out while it loads, and lets it rejoin again: one thread serves, and none outlives the runtime', async () => {
  await using at = await house([slowToLoad])
  await failedOver(at)
  open(at, 'slow')
  const first = at.runtime.kernel('k').rejoin()
  await until(() => at.lines('imports').length === 3)
  await at.runtime.kernel('k').quarantine()
  expect(status(at)).toMatchObject({ state: 'quarantined.parked', servedBy: 'standby' })
  expect((await first).state).toBe('quarantined.parked')
  const second = at.runtime.kernel('k').rejoin()
  open(at, 'go')
  expect(await second).toMatchObject({ state: 'rejoined.probation', servedBy: 'instance', epoch: 2 })
  expect(await code(at.runtime.ref('k').ask.ping?.())).toBe('kernel')
  expect(at.lines('starts')).toHaveLength(2)
  await at.runtime.stop()
  const beats = at.lines('beats').length
  expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort')).toEqual([])
  expect(at.lines('beats')).toHaveLength(beats)
})

test('the runtime stops while what was repaired loads: the standby that served ends too', async () => {
  const slowEnd = kernel(`return { api: {}, stop() { append('stopping', 'one'); return opened('end') } }`)
  await using at = await house([
    { id: 'below', source: slowEnd },
    { ...slowToLoad, dependsOn: ['below'] },
  ])
  await failedOver(at)
  open(at, 'slow')
  const rejoining = at.runtime
    .kernel('k')
    .rejoin()
    .catch((error: { code: string }) => error.code)
  await until(() => at.lines('imports').length === 3)
  const stopped = at.runtime.stop()
  await until(() => at.lines('stopping').length === 1)
  open(at, 'go')
  open(at, 'end')
  await stopped
  expect(await rejoining).toBe('RUNTIME_STOPPED')
  expect(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort')).toEqual([])
})

const fallback = kernel(`append('fallbacks', 'one')
    return { api: {
      ping: () => 'fallback',
      slow: async () => { append('slow', 'fallback'); await opened('go'); return 'slow' },
      crash() { setImmediate(() => { throw new Error('told to') }) },
    } }`)

/** A fleet is validated before anything starts, so the fallback has to lie there first. */
async function withFallback(source: string, more: Partial<TestKernel> = {}): Promise<TestHouse> {
  const folder = await house([{ id: 'beside', source: fallback }], { start: false })
  const at = await house([
    { ...observed, source, degraded: { fallback: join(folder.folder, 'beside', 'kernel.ts') }, ...more },
  ])
  // What it writes and waits for lies in its own house.
  const ours = { ...at, [Symbol.asyncDispose]: async () => {} }
  return {
    ...ours,
    lines: (file) => (existsSync(join(folder.folder, file)) ? folder.lines(file) : at.lines(file)),
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
    folder: folder.folder,
  }
}

const plain = (body = '') =>
  kernelOf(`${body}
    return { api: { ping: () => 'kernel', slow: () => { append('slow', 'kernel'); return 'kernel' } } }`)

test('a rejoined instance that fails in start() leaves the fallback its messages, and blames none of them', async () => {
  await using at = await withFallback(plain(`if ((ctx.config.bad ?? 0) > 0) throw new Error('bad start')`), {
    config: { bad: 1 },
    restart: { ...fast, max: 0, stableMs: 60_000 },
  })
  await at.seen(({ type }) => type === 'fallback.started')
  await at.seen(({ type }) => type === 'kernel.parked')
  const { ask } = at.runtime.ref('k').with({ deadlineMs: 10_000, idempotent: true })
  const slow = code(ask.slow?.())
  await until(() => at.lines('slow').length === 1)
  for (const _ of ['once', 'twice']) {
    await at.runtime.kernel('k').rejoin()
    await until(() => status(at).state === 'quarantined.parked')
  }
  open(at, 'go')
  expect(await slow).toBe('slow')
  expect(await code(ask.ping?.())).toBe('fallback')
  expect(at.lines('slow')).toEqual(['fallback'])
  expect(at.of('message.poisoned')).toEqual([])
})

test('taken out again while the fallback finishes what it has in hand: a new fallback serves', async () => {
  await using at = await withFallback(plain())
  const { ask } = at.runtime.ref('k').with({ deadlineMs: 10_000 })
  await at.runtime.kernel('k').quarantine()
  const slow = code(ask.slow?.())
  await until(() => at.lines('slow').length === 1)
  await at.runtime.kernel('k').rejoin()
  await at.runtime.kernel('k').quarantine()
  const later = code(ask.ping?.())
  open(at, 'go')
  expect(await slow).toBe('slow')
  expect(await later).toBe('fallback')
  expect(status(at)).toMatchObject({ state: 'quarantined.parked', servedBy: 'fallback', starts: { fallback: 2 } })
})

test('the fallback crashes while the rejoined instance starts: it is not started a second time beside that', async () => {
  // The standby comes late: it must not be promoted beside an instance that is on its way.
  const source = kernel(
    `append('life', 'begins')
    if (isOpen('hold')) await opened('start')
    return { api: { ping: () => 'kernel' } }`,
    `appendFileSync('FOLDER/imports', 'one\\n')
if (isOpen('late')) await opened('load')`,
  )
  await using at = await withFallback(source, { replicas: 1 })
  await at.seen(({ type }) => type === 'standby.ready')
  const own = (name: string) =>
    writeFileSync(join(at.runtime.fleet.kernels[0]?.entryUrl.slice(7) ?? '', '..', '..', name), '')
  own('late')
  await killThread(at.runtime, 'k')
  await at.seen(({ type }) => type === 'failover.completed')
  await at.seen(({ type }) => type === 'kernel.parked')
  await killThread(at.runtime, 'k')
  await at.seen(({ type }) => type === 'fallback.started')
  own('hold')
  own('load')
  const rejoined = at.runtime.kernel('k').rejoin()
  await until(() => at.lines('life').length === 3)
  await until(() => status(at).state === 'rejoined.booting')
  at.runtime.ref('k').tell.crash?.()
  await at.seen(({ type }) => type === 'fallback.lost')
  expect(status(at)).toMatchObject({ state: 'rejoined.booting', starts: { promotion: 1 } })
  own('start')
  expect(await rejoined).toMatchObject({ state: 'rejoined.probation' })
  expect(await code(at.runtime.ref('k').ask.ping?.())).toBe('kernel')
  expect(at.lines('life')).toHaveLength(3)
})

const crashing = (id: string, more: Partial<TestKernel> = {}): TestKernel => ({
  ...{ id, strategy: 'rest_for_one', restart: { ...fast, max: 3 }, repair: { autonomy: 'observe' } },
  source: kernel(`append('life', 'start ' + ctx.id)
    if (isOpen('bad')) { await opened('go'); throw new Error('bad') }
    return { api: { crash() { setImmediate(() => { throw new Error('told to') }) } } }`),
  ...more,
})

test('two kernels crash one after the other: whoever depends on both has ended before either starts', async () => {
  const dependent = kernel(`append('life', 'start d')
    return { api: {}, async stop() { append('life', 'd stops'); await opened('end'); append('life', 'd stopped') } }`)
  await using at = await house([
    crashing('a'),
    crashing('b'),
    { id: 'd', dependsOn: ['a', 'b'], source: dependent, restart: fast },
  ])
  at.runtime.ref('a').tell.crash?.()
  await until(() => at.lines('life').includes('d stops'))
  at.runtime.ref('b').tell.crash?.()
  await at.seen(({ type, kernel: who }) => type === 'kernel.crashed' && who === 'b')
  open(at, 'end')
  await at.seen(() => at.of('kernel.restarted').length === 3)
  const [stopped, ...starts] = at.lines('life').slice(4)
  expect(stopped).toBe('d stopped')
  expect(starts.at(-1)).toBe('start d')
  expect(starts.toSorted()).toEqual(['start a', 'start b', 'start d'])
})

test('a dependent that a person brought back meanwhile is no bystander any more, until the next crash', async () => {
  const dependent = kernel(`append('life', 'start d')\nreturn { api: { ping: () => 'pong' } }`)
  await using at = await house([
    crashing('a'),
    { id: 'd', dependsOn: ['a'], source: dependent, restart: { ...fast, stableMs: 50 } },
  ])
  const starts = (line: string) => at.lines('life').filter((each) => each === line).length
  open(at, 'bad')
  at.runtime.ref('a').tell.crash?.()
  await until(() => starts('start a') === 2)
  await at.runtime.kernel('d').quarantine()
  await at.runtime.kernel('d').rejoin()
  open(at, 'go')
  await at.seen(({ type, kernel: who }) => type === 'kernel.parked' && who === 'a')
  expect(await code(at.runtime.ref('d').ask.ping?.())).toBe('pong')
  expect(starts('start d')).toBe(2)
})

test('a kernel that waits for its turn to start, and is quarantined, does not start', async () => {
  const source = kernel(`append('starts', ctx.id)
    if (ctx.id !== 'z') await opened('go')
    return { api: { ping: () => 'pong' } }`)
  const kernels = ['a', 'b', 'c', 'd', 'z'].map((id) => ({ id, source, degraded: { mode: 'reject' } as const }))
  await using at = await house(kernels, { start: false })
  const started = at.runtime.start()
  await until(() => at.lines('starts').length === 4)
  await at.runtime.kernel('z').quarantine()
  open(at, 'go')
  await started
  expect(await code(at.runtime.ref('z').ask.ping?.())).toBe('KERNEL_UNAVAILABLE')
  expect(at.lines('starts')).not.toContain('z')
})

test('standbys of a kernel that cannot start are not used up one by one', async () => {
  const source = kernelOf(`append('starts', 'one')\nthrow new Error('never')`)
  await using at = await house([{ ...observed, source, replicas: 8, restart: { ...fast, max: 2 } }])
  await at.seen(({ type }) => type === 'standby.lost')
  await at.seen(() => at.of('standby.ready').length === 8)
  expect(status(at)).toMatchObject({ servedBy: 'buffer', starts: { first: 1, restart: 2, promotion: 1 } })
  expect(at.lines('starts')).toHaveLength(4)
})

test('standbys that load slowly keep nobody from being restarted', async () => {
  const slow = kernel(
    `return { api: {} }`,
    `appendFileSync('FOLDER/imports', 'one\\n')
if (isOpen('slow')) await opened('never')
else appendFileSync('FOLDER/slow', '')`,
  )
  const other = kernelOf(`return { api: { crash() { setImmediate(() => { throw new Error('told to') }) } } }`)
  await using at = await house([
    { ...observed, source: slow, replicas: 8, limits: { startMs: 8000 } },
    { id: 'other', source: other, restart: fast },
  ])
  await until(() => at.lines('imports').length === 2)
  at.runtime.ref('other').tell.crash?.()
  await at.seen(({ type }) => type === 'kernel.restarted')
  expect(at.of('standby.lost')).toEqual([])
})

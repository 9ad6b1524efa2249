/** What one kernel can do to the host and to others, and what it cannot. */
import { readdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRuntime } from '../../src/index.ts'
import { fast, house, kernelOf } from '../support/house.ts'

test('a kernel sees no environment variable but those its spec names', async () => {
  process.env.LAZARET_TEST_SECRET = 'secret'
  process.env.LAZARET_TEST_NAMED = 'named'
  try {
    await using place = await house([
      {
        id: 'curious',
        env: ['LAZARET_TEST_NAMED'],
        source: kernelOf('return { api: { env: () => ({ ...process.env }) } }'),
      },
    ])
    expect(await place.runtime.ref('curious').ask.env?.()).toEqual({ LAZARET_TEST_NAMED: 'named' })
  } finally {
    delete process.env.LAZARET_TEST_SECRET
    delete process.env.LAZARET_TEST_NAMED
  }
})

test.each([
  [
    'tells',
    "const flood = () => { for (let n = 0; n < 20000; n++) ctx.ref('sink').tell.take(n); if (!ctx.signal.aborted) setImmediate(flood) }",
  ],
  [
    'log lines',
    "const flood = () => { for (let n = 0; n < 20000; n++) ctx.log.info('line ' + n); if (!ctx.signal.aborted) setImmediate(flood) }",
  ],
  [
    'posts to parentPort',
    'const flood = () => { for (let n = 0; n < 5000; n++) parentPort.postMessage(n); if (!ctx.signal.aborted) setTimeout(flood, 20) }',
  ],
])('a kernel that floods %s leaves the host its turns', async (_what, flood) => {
  await using place = await house([
    { id: 'sink', source: kernelOf('return { api: { take() {} } }'), mailbox: { max: 1000 } },
    {
      id: 'flooder',
      source: kernelOf(
        `${flood}\nreturn { api: { start() { setTimeout(flood, 0) } } }`,
        "import { parentPort } from 'node:worker_threads'",
      ),
    },
    { id: 'other', source: kernelOf('return { api: { ping: () => 1 } }') },
  ])
  place.runtime.ref('flooder').tell.start?.()
  // The host's own turns and another kernel's answers, while the flood goes on.
  const longest = { gapMs: 0 }
  let last = performance.now()
  for (let count = 0; count < 300; count++) {
    await turn()
    longest.gapMs = Math.max(longest.gapMs, performance.now() - last)
    last = performance.now()
    if (count % 30 === 0) expect(await place.runtime.ref('other').ask.ping?.()).toBe(1)
  }
  // Without a budget one turn of the host takes seconds (FACTS 0.5); with one it takes milliseconds.
  expect(longest.gapMs).toBeLessThan(1000)
})

test('lines written before a thread spins, exits or is killed are all there', async () => {
  const write = "for (let n = 0; n < 100; n++) { ctx.log.info('line', { n }); console.log('printed ' + n) }"
  const source = kernelOf(`return { api: {
    spin() { ${write} for (;;); },
    exit() { ${write} process.exit(3) },
    crash() { ${write} null.x },
    hold() { ${write} ctx.ref('nobody').tell.written(); return new Promise(() => {}) },
  } }`)
  const common = { source, restart: { max: 50, stableMs: 60_000, ...fast }, heartbeat: { timeoutMs: 600 } }
  await using place = await house(['spin', 'exit', 'crash', 'hold'].map((id) => ({ id: `k-${id}`, ...common })))
  const asks = ['spin', 'exit', 'crash', 'hold'].map((way) =>
    place.runtime
      .ref(`k-${way}`)
      .with({ deadlineMs: 20_000 })
      .ask[way]?.()
      .catch(() => 'down'),
  )
  await place.seen(({ type, method }) => type === 'message.deadLettered' && method === 'written')
  await place.runtime.threadOf('k-hold')?.terminate()
  await Promise.all(asks)
  for (const way of ['spin', 'exit', 'crash', 'hold']) {
    const lines = place.runtime.logs(`k-${way}`, 1000).map((line) => JSON.parse(line) as { msg: string })
    expect(
      lines.filter(({ msg }) => msg === 'line'),
      way,
    ).toHaveLength(100)
    expect(
      lines.filter(({ msg }) => msg.startsWith('printed')),
      way,
    ).toHaveLength(100)
  }
})

test.each([
  ['posts to parentPort', 'for (;;) parentPort.postMessage(0)', 'KERNEL_HUNG'],
  ['lines of its log', "for (;;) ctx.log.info('x')", 'KERNEL_HUNG'],
  [
    'closed ports, and lives on by a timer',
    "setInterval(() => {}, 1000); for (const x of process._getActiveHandles()) if (x.constructor.name === 'MessagePort') x.close()",
    'KERNEL_PORT_CLOSED',
  ],
])('a kernel that never ends with %s is found and ended', async (_what, body, code) => {
  await using place = await house([
    {
      ...{ id: 'bad', restart: { max: 0 }, repair: { autonomy: 'observe' }, heartbeat: { timeoutMs: 500 } },
      source: kernelOf(`return { api: { begin() { ${body} } } }`, "import { parentPort } from 'node:worker_threads'"),
    },
  ])
  place.runtime.ref('bad').tell.begin?.()
  const crashed = await place.seen(({ type }) => type === 'kernel.crashed', 30_000)
  expect(crashed).toMatchObject({ error: { code } })
})

test('a listener hears what happens from its subscription to its end, whenever either is', async () => {
  await using place = await house([{ id: 'calm', source: kernelOf('return { api: {} }') }], { start: false })
  const { runtime } = place
  const heard: string[] = []
  const hear = (who: string) => runtime.on('event', ({ type }) => heard.push(`${who} ${type}`))
  const endFirst = hear('before')
  const ended: (() => void)[] = []
  runtime.on('event', ({ type }) => {
    if (type === 'kernel.started' && ended.length === 0) ended.push(hear('meanwhile'))
  })
  await runtime.start()
  expect(heard).toEqual([
    ...['before kernel.transitioned', 'before kernel.started'],
    ...['before kernel.transitioned', 'meanwhile kernel.transitioned'],
    ...['before runtime.started', 'meanwhile runtime.started'],
  ])
  endFirst()
  for (const end of ended) end()
  await runtime.kernel('calm').restart()
  expect(heard).toHaveLength(6)
})

test('a listener of the host that throws is reported, and harms nobody', async () => {
  await using place = await house([{ id: 'calm', source: kernelOf('return { api: { ping: () => 1 } }') }], {
    start: false,
  })
  place.runtime.on('event', () => {
    throw new Error('a bug of the host')
  })
  await place.runtime.start()
  expect(place.of('listener.failed').length).toBeGreaterThan(0)
  expect(await place.runtime.ref('calm').ask.ping?.()).toBe(1)
})

test('an orderly stop lets the message in hand finish, keeps the state, and calls stop()', async () => {
  const place = await house([
    {
      id: 'tidy',
      source: kernelOf(`let count = ctx.restored ?? 0
return {
  api: { add: () => new Promise((done) => setTimeout(() => { count += 1; append('story', 'added'); done(count) }, 150)), count: () => count },
  snapshot: () => { append('story', 'snapshot'); return count },
  stop() { append('story', 'stop') },
}`),
    },
  ])
  await using _ = place
  const reply = place.runtime.ref('tidy').ask.add?.()
  await place.runtime
    .ref('tidy')
    .with({ deadlineMs: 60 })
    .ask.count?.()
    .catch(() => 'add is in hand by now')
  const waiting = place.runtime
    .ref('tidy')
    .ask.count?.()
    .catch((error: { code: string }) => error.code)
  await place.runtime.stop()
  expect(await reply).toBe(1)
  expect(await waiting).toBe('RUNTIME_STOPPED')
  expect(place.lines('story')).toEqual(['added', 'snapshot', 'stop'])
  const later = createRuntime({
    ...{ fleet: { kernels: [{ id: 'tidy', entry: `${place.folder}/tidy/kernel.ts` }] }, log: false },
    ...{ dataDir: `${place.folder}/data`, quarantineDir: `${place.folder}/q`, playbooksDir: `${place.folder}/p` },
  })
  await later.start()
  expect(await later.ref('tidy').ask.count?.()).toBe(1)
  await later.stop()
})

test('a stop() that never ends is ended by force', async () => {
  const place = await house([
    {
      id: 'clinging',
      limits: { stopMs: 200 },
      source: kernelOf('return { api: {}, stop: () => new Promise(() => {}) }'),
    },
  ])
  await place.runtime.stop()
  expect(place.of('kernel.stopped', 'clinging')).toMatchObject([{ orderly: false }])
  await place[Symbol.asyncDispose]()
})

test('a data directory belongs to one runtime at a time', async () => {
  await using place = await house([{ id: 'only', source: kernelOf('return { api: {} }') }])
  const options = {
    fleet: { kernels: [{ id: 'only', entry: `${place.folder}/only/kernel.ts` }] },
    dataDir: `${place.folder}/data`,
  }
  const second = createRuntime({ ...options, log: false })
  await expect(second.start()).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' })
  await place.runtime.stop()
  const third = createRuntime({
    ...options,
    log: false,
    quarantineDir: `${place.folder}/q`,
    playbooksDir: `${place.folder}/p`,
  })
  expect((await third.start())[0]?.state).toBe('running.settling')
  await third.stop()
})

test('after a stop no thread is left', async () => {
  const threads = () => readdirSync('/proc/self/task').length
  const place = await house([
    { id: 'one', source: kernelOf('return { api: {} }') },
    { id: 'two', source: kernelOf('return { api: {} }') },
  ])
  const during = threads()
  await place[Symbol.asyncDispose]()
  expect(threads()).toBeLessThanOrEqual(during - 2)
})

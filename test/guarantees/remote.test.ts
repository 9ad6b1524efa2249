/** A remote: Comlink over our lines, bound to one instance, and everything that waits on it answered when that ends. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
import { defineKernel } from '../../src/actor/kernel.ts'
import { type KernelApi, LazaretError, type Proxied, proxy, type Runtime, transfer } from '../../src/index.ts'
import { fast, house, kernelOf, type TestHouse } from '../support/house.ts'

const budget = { restart: { max: 50, stableMs: 60_000, ...fast } }

// biome-ignore lint/suspicious/noExplicitAny: the kernels of these tests are texts, so nothing knows their methods.
type Loose = Record<string, (...args: any[]) => Promise<any>> & Disposable

function remoteOf(runtime: Runtime, id: string, deadlineMs?: number): Loose {
  return runtime.ref(id, deadlineMs === undefined ? {} : { deadlineMs }).remote() as unknown as Loose
}

async function errorOf(reply: Promise<unknown> | undefined): Promise<LazaretError> {
  const thrown: unknown = await Promise.resolve(reply).then(
    (value) => new Error(`it was answered: ${String(value)}`),
    (error: unknown) => error,
  )
  return thrown as LazaretError
}

const notes = kernelOf(
  `const kept = []
   let listener
   return { api: {
     add: (a, b) => a + b,
     bind: (a) => 'bound ' + a,
     async later(ms) { await new Promise((done) => setTimeout(done, ms)); return ms },
     size: (bytes) => bytes.byteLength,
     async make(n) { return transfer(new Uint8Array(n).buffer, []) },
     moved(n) { const made = new Uint8Array(n); kept.push(made.buffer); return transfer(made.buffer, [made.buffer]) },
     keptBytes: () => kept.map((buffer) => buffer.byteLength),
     keep(given) { listener = given },
     async say(text) { return listener(text) },
     sayLater(text) { setTimeout(() => listener(text), 5) },
     sayUnlooked(text) { listener(text) },
     ordinary() { throw Object.assign(new RangeError('too far'), { code: 'E_FAR', details: { by: 3 } }) },
     defect() { return nothing.here },
     async lateDefect() { await 1; return nothing.here },
     unclonable: () => () => 1,
     given: () => proxy(() => 1),
     forget() { listener = undefined; collect() },
     hang() { for (;;) ; },
     sleep() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) },
     order(name) { append('order', name) },
     async slowly(name) { append('order', name + ' begins'); await new Promise((done) => setTimeout(done, 20)); append('order', name + ' ends') },
     deep(levels) { let value = 1; for (let n = 0; n < levels; n++) value = [value]; return value },
   } }`,
  `import { proxy, transfer } from 'lazaret/kernel'
   import { runInNewContext } from 'node:vm'
   const collect = () => runInNewContext('gc')()`,
)

async function notesHouse(more: object = {}): Promise<TestHouse> {
  return house([{ id: 'notes', source: notes, ...budget, ...more }])
}

test('methods are called through a remote, and a buffer moves instead of being copied', async () => {
  await using place = await notesHouse()
  const remote = remoteOf(place.runtime, 'notes')
  expect(await remote.add?.(2, 3)).toBe(5)
  const bytes = new Uint8Array(1000)
  expect(await remote.size?.(transfer(bytes.buffer, [bytes.buffer]))).toBe(1000)
  expect(bytes.byteLength).toBe(0)
  const copied = new Uint8Array(1000)
  expect(await remote.size?.(copied.buffer)).toBe(1000)
  expect(copied.byteLength).toBe(1000)
  expect(await remote.moved?.(64)).toHaveProperty('byteLength', 64)
  expect(await remote.keptBytes?.()).toEqual([0])
  expect(await remote.make?.(7)).toHaveProperty('byteLength', 7)
})

test('a function is called during the call that gave it and long after, and its errors come back as they are', async () => {
  await using place = await notesHouse()
  const remote = remoteOf(place.runtime, 'notes')
  const heard: string[] = []
  const heardLate = Promise.withResolvers<void>()
  const given = proxy((text: string) => {
    heard.push(text)
    if (text === 'late') heardLate.resolve()
    if (text === 'bad') throw Object.assign(new RangeError('no'), { code: 'E_NO' })
    return text.length
  })
  await remote.keep?.(given)
  expect(await remote.say?.('four')).toBe(4)
  await remote.sayLater?.('late')
  await heardLate.promise
  const error = await errorOf(remote.say?.('bad'))
  expect(error).toMatchObject({ code: 'HANDLER_FAILED', cause: { name: 'RangeError', code: 'E_NO', message: 'no' } })
  // A kernel that does not look at what its caller's function did is not ended by it.
  await remote.sayUnlooked?.('bad')
  expect(await remote.add?.(1, 1)).toBe(2)
  expect(heard).toEqual(['four', 'late', 'bad', 'bad'])
  expect(place.of('kernel.crashed', 'notes')).toEqual([])
})

test('errors keep their class, code, facts and cause', async () => {
  await using place = await notesHouse()
  const remote = remoteOf(place.runtime, 'notes')
  const ordinary = await errorOf(remote.ordinary?.())
  expect(ordinary).toBeInstanceOf(LazaretError)
  expect(ordinary).toMatchObject({ code: 'HANDLER_FAILED', kernel: 'notes', details: { method: 'ordinary' } })
  expect(ordinary.cause).toBeInstanceOf(RangeError)
  expect(ordinary.cause).toMatchObject({ code: 'E_FAR', details: { by: 3 } })
  const unknown = await errorOf(remote.nowhere?.())
  expect(unknown).toMatchObject({ code: 'UNKNOWN_METHOD', details: { method: 'nowhere' } })
  expect(unknown.message).toContain('add, bind, later')
  expect(await errorOf(remote.add?.(() => 1, 2))).toMatchObject({ code: 'MESSAGE_UNCLONABLE' })
  expect(await errorOf(remote.unclonable?.())).toMatchObject({ code: 'REPLY_UNCLONABLE' })
  expect(await errorOf(remote.given?.())).toMatchObject({ code: 'REPLY_UNCLONABLE' })
  // A thread has more stack than the host: this can be written there and not be read here.
  expect(await errorOf(remote.deep?.(20_000))).toMatchObject({ code: 'REPLY_UNCLONABLE' })
  expect(await remote.add?.(1, 2)).toBe(3)
})

test('only the methods of the api are reached, and awaiting the remote itself does no harm', async () => {
  await using place = await notesHouse()
  const remote = remoteOf(place.runtime, 'notes')
  expect(await (async () => remote)()).toBe(remote)
  expect(JSON.stringify({ remote })).toBe('{"remote":{}}')
  for (const name of ['then', 'toJSON', 'constructor']) expect(Reflect.get(remote, name)).toBeUndefined()
  for (const name of ['__proto__', 'hasOwnProperty', 'toString', 'prototype', 'call'])
    expect(await errorOf(remote[name]?.())).toMatchObject({ code: 'UNKNOWN_METHOD' })
  // Comlink has its own idea of this name.
  expect(await remote.bind?.('to it')).toBe('bound to it')
  expect(Reflect.set(remote, 'add', () => 0)).toBe(false)
  expect(() => Reflect.construct(remote as never, [])).toThrow(TypeError)
  expect(await remote.add?.(1, 2)).toBe(3)
})

test('nothing but a call of one method passes the end that serves', async () => {
  await using place = await notesHouse()
  const { lines } = place.runtime.threadOf('notes') as NonNullable<ReturnType<Runtime['threadOf']>>
  const answers: unknown[] = []
  const all = Promise.withResolvers<void>()
  const said = [
    { type: 'GET', path: ['add'] },
    { type: 'SET', path: ['add'], value: { type: 'RAW', value: 1 } },
    { type: 'CONSTRUCT', path: ['add'] },
    { type: 'ENDPOINT' },
    { type: 'RELEASE' },
    { type: 'APPLY', path: [] },
    { type: 'APPLY', path: ['.add', 'constructor'], argumentList: [{ type: 'RAW', value: 'return process' }] },
  ]
  const line = lines.add({
    hear: (message) => {
      answers.push(message.said)
      if (answers.length === said.length) all.resolve()
    },
    end: () => undefined,
  })
  lines.say({ t: 'lineOpen', line, to: 'notes' })
  said.forEach((what, id) => {
    lines.say({ t: 'line', line, said: { id: String(id), ...what } })
  })
  await all.promise
  for (const answer of answers) expect(answer).toMatchObject({ type: 'FAILED', value: { code: 'UNKNOWN_METHOD' } })
  lines.drop(line)
})

test('a defect ends the kernel: its caller hears KERNEL_DOWN, and all else that waits STALE_EPOCH, at once', async () => {
  await using place = await notesHouse()
  for (const method of ['defect', 'lateDefect']) {
    const remote = remoteOf(place.runtime, 'notes', 60_000)
    const first = await remote.add?.(1, 1)
    const down = errorOf(remote[method]?.())
    const rest = Array.from({ length: 500 }, (_, n) => errorOf(remote.add?.(n, n)))
    expect(first).toBe(2)
    expect(await down).toMatchObject({ code: 'KERNEL_DOWN', kernel: 'notes', cause: { name: 'ReferenceError' } })
    for (const error of await Promise.all(rest)) {
      expect(error).toMatchObject({ code: 'STALE_EPOCH', kernel: 'notes', cause: { name: 'ReferenceError' } })
      expect(error.hint).toContain('remote()')
    }
    const before = place.runtime.pendingAsks
    expect(await errorOf(remote.add?.(1, 1))).toMatchObject({ code: 'STALE_EPOCH' })
    expect(before).toBe(0)
    await place.runtime.ref('notes').ask.add?.(1, 1)
    expect(await remoteOf(place.runtime, 'notes').add?.(2, 2)).toBe(4)
  }
})

test('a restart, a quarantine and the stop of the runtime end the epoch; between two there is no remote', async () => {
  const place = await notesHouse()
  const first = remoteOf(place.runtime, 'notes')
  expect(await first.add?.(1, 2)).toBe(3)
  await place.runtime.kernel('notes').restart()
  expect(await errorOf(first.add?.(1, 2))).toMatchObject({ code: 'STALE_EPOCH', details: { epoch: 1 } })
  const second = remoteOf(place.runtime, 'notes')
  expect(await second.add?.(1, 2)).toBe(3)
  await place.runtime.kernel('notes').quarantine()
  expect(await errorOf(second.add?.(1, 2))).toMatchObject({ code: 'STALE_EPOCH', details: { epoch: 2 } })
  const none = remoteOf(place.runtime, 'notes')
  expect(await errorOf(none.add?.(1, 2))).toMatchObject({ code: 'KERNEL_UNAVAILABLE', kernel: 'notes' })
  await place.runtime.kernel('notes').rejoin()
  const third = remoteOf(place.runtime, 'notes')
  // The one in hand is waited for and answered; what was not begun is not begun any more.
  const inHand = third.later?.(50)
  const queued = errorOf(third.add?.(1, 2))
  await place[Symbol.asyncDispose]()
  expect(await inHand).toBe(50)
  expect(await queued).toMatchObject({ code: 'STALE_EPOCH' })
  expect(await errorOf(third.add?.(1, 2))).toMatchObject({ code: 'STALE_EPOCH' })
  expect(await errorOf(remoteOf(place.runtime, 'notes').add?.(1, 2))).toMatchObject({ code: 'RUNTIME_STOPPED' })
})

test('a kernel that spins or sleeps in a remote call is found, and the caller hears of it', async () => {
  await using place = await notesHouse({ heartbeat: { timeoutMs: 500 } })
  for (const method of ['hang', 'sleep']) {
    const remote = remoteOf(place.runtime, 'notes', 60_000)
    const waiting = [errorOf(remote[method]?.()), errorOf(remote.add?.(1, 1))]
    for (const error of await Promise.all(waiting))
      expect(error).toMatchObject({ code: 'STALE_EPOCH', cause: { code: 'KERNEL_HUNG' } })
    await place.runtime.ref('notes').with({ deadlineMs: 20_000 }).ask.add?.(1, 1)
  }
})

test('a thread that cannot be ended is left behind, and nobody waits on it', async () => {
  await using place = await notesHouse()
  const remote = remoteOf(place.runtime, 'notes', 60_000)
  const thread = place.runtime.threadOf('notes')
  let leftBehind: Worker | undefined
  const end = Worker.prototype.terminate
  // Code that V8 cannot interrupt is V8's to write; for the host it looks like this.
  const refuse = vi.spyOn(Worker.prototype, 'terminate').mockImplementation(function (this: Worker) {
    leftBehind = this
    return new Promise(() => undefined)
  })
  try {
    const waiting = [errorOf(remote.later?.(50_000)), errorOf(remote.add?.(1, 1))]
    void thread?.terminate()
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'STALE_EPOCH' })
    expect(place.of('kernel.stuck', 'notes')).toHaveLength(1)
    expect(thread?.lines.size).toBe(0)
  } finally {
    refuse.mockRestore()
    if (leftBehind !== undefined) await end.call(leftBehind)
  }
  await place.runtime.ref('notes').with({ deadlineMs: 20_000 }).ask.add?.(1, 1)
})

test('a call settles by its deadline, and one whose deadline passed before it was begun is not begun', async () => {
  await using place = await notesHouse()
  const patient = remoteOf(place.runtime, 'notes')
  const hasty = remoteOf(place.runtime, 'notes', 30)
  const held = patient.later?.(200)
  expect(await errorOf(hasty.order?.('never'))).toMatchObject({ code: 'ASK_TIMEOUT', details: { method: 'order' } })
  await held
  await patient.add?.(1, 1)
  expect(place.lines('order')).toEqual([])
})

test('remote calls and messages are handled one at a time', async () => {
  await using place = await notesHouse()
  const ref = place.runtime.ref('notes')
  const remote = remoteOf(place.runtime, 'notes')
  const names: string[] = []
  const replies: (Promise<unknown> | undefined)[] = []
  for (let n = 0; n < 5; n++) {
    names.push(`message ${n}`, `call ${n}`)
    ref.tell.slowly?.(`message ${n}`)
    replies.push(remote.slowly?.(`call ${n}`))
  }
  await Promise.all(replies)
  await ref.ask.add?.(1, 1)
  expect(place.lines('order')).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]))
})

test('a snapshot waits for the remote call in hand', async () => {
  await using place = await house([
    {
      id: 'half',
      source: kernelOf(`let state = 'whole'
        return {
          api: { async change() { state = 'half'; await new Promise((done) => setTimeout(done, 60)); state = 'whole' } },
          snapshot: () => { append('states', state); return state },
        }`),
      snapshot: { everyMs: 10, keep: 2 },
    },
  ])
  const remote = remoteOf(place.runtime, 'half')
  for (let n = 0; n < 8; n++) await remote.change?.()
  expect(new Set(place.lines('states'))).toEqual(new Set(['whole']))
})

test('a kernel has a remote of another: calls, functions, buffers, and the end of either', async () => {
  await using place = await house([
    { id: 'notes', source: notes, ...budget },
    {
      ...{ id: 'reader', ...budget },
      source: kernelOf(
        `let remote = ctx.ref('notes').remote()
         const seen = []
         return { api: {
           add: (a, b) => remote.add(a, b),
           anew() { remote = ctx.ref('notes').remote() },
           async move(n) { const bytes = new Uint8Array(n); const size = await remote.size(transfer(bytes.buffer, [bytes.buffer])); return [size, bytes.byteLength] },
           fetch: async (n) => (await remote.moved(n)).byteLength,
           async listen() { await remote.keep(proxy((text) => { seen.push(text); return text.length })); return remote.say('hello') },
           seen: () => seen,
           break: (method) => remote[method](),
           none: () => ctx.ref('nobody').remote().add(1, 2),
           die() { return nothing.here },
         } }`,
        `import { proxy, transfer } from 'lazaret/kernel'`,
      ),
      dependsOn: ['notes'],
    },
  ])
  const reader = place.runtime.ref('reader').with({ deadlineMs: 20_000 })
  expect(await reader.ask.add?.(1, 2)).toBe(3)
  expect(await reader.ask.move?.(500)).toEqual([500, 0])
  expect(await reader.ask.fetch?.(300)).toBe(300)
  expect(await reader.ask.listen?.()).toBe(5)
  expect(await reader.ask.seen?.()).toEqual(['hello'])
  expect(await errorOf(reader.ask.break?.('ordinary'))).toMatchObject({
    cause: { code: 'HANDLER_FAILED', cause: { code: 'E_FAR' } },
  })
  expect(await errorOf(reader.ask.none?.())).toMatchObject({ cause: { code: 'UNKNOWN_KERNEL' } })
  expect(await errorOf(reader.ask.break?.('defect'))).toMatchObject({ cause: { code: 'KERNEL_DOWN' } })
  expect(await errorOf(reader.ask.add?.(1, 2))).toMatchObject({ cause: { code: 'STALE_EPOCH', kernel: 'notes' } })
  await place.runtime.ref('notes').ask.add?.(1, 2)
  await reader.ask.anew?.()
  expect(await reader.ask.listen?.()).toBe(5)
  // Now the one that gave the function goes: whoever calls it hears of that, and goes on.
  expect(await errorOf(reader.ask.die?.())).toMatchObject({ code: 'KERNEL_DOWN' })
  await reader.ask.seen?.()
  const gone = await errorOf(place.runtime.ref('notes').ask.say?.('hello'))
  expect(gone).toMatchObject({ code: 'HANDLER_FAILED', cause: { code: 'STALE_EPOCH', kernel: 'reader' } })
  expect(place.of('kernel.crashed', 'notes')).toHaveLength(1)
})

test('a remote that is let go of leaves nothing, and its pending calls are answered first', async () => {
  await using place = await notesHouse()
  const { lines } = place.runtime.threadOf('notes') as NonNullable<ReturnType<Runtime['threadOf']>>
  let pending: Promise<unknown> | undefined
  {
    using remote = remoteOf(place.runtime, 'notes')
    pending = remote.later?.(20)
    expect(lines.size).toBe(1)
  }
  expect(await pending).toBe(20)
  expect(lines.size).toBe(0)
  const released = remoteOf(place.runtime, 'notes')
  released[Symbol.dispose]()
  expect(await errorOf(released.add?.(1, 1))).toMatchObject({ code: 'STALE_EPOCH' })
})

test('a thousand remotes whose epoch has ended leave no handle, no call and no line', async () => {
  await using place = await notesHouse()
  const resources = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length
  await remoteOf(place.runtime, 'notes').add?.(1, 1)
  const before = resources()
  const old = place.runtime.threadOf('notes')
  const remotes = Array.from({ length: 1000 }, () => remoteOf(place.runtime, 'notes', 60_000))
  await Promise.all(remotes.map((remote) => remote.keep?.(proxy(() => undefined))))
  const waiting = remotes.map((remote) => errorOf(remote.later?.(30_000)))
  expect(place.runtime.pendingAsks).toBe(1000)
  await old?.terminate()
  for (const error of await Promise.all(waiting)) expect(error.code).toBe('STALE_EPOCH')
  await place.runtime.ref('notes').with({ deadlineMs: 20_000 }).ask.add?.(1, 1)
  expect(old?.lines.size).toBe(0)
  expect(place.runtime.pendingAsks).toBe(0)
  expect(resources()).toBe(before)
})

test('remotes and functions that nobody holds any more are collected, and their lines with them', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  await using place = await notesHouse()
  const { lines } = place.runtime.threadOf('notes') as NonNullable<ReturnType<Runtime['threadOf']>>
  for (let n = 0; n < 50; n++) await remoteOf(place.runtime, 'notes').keep?.(proxy(() => n))
  const until = performance.now() + 10_000
  while (lines.size > 0 && performance.now() < until) {
    collect()
    await place.runtime.ref('notes').ask.forget?.()
    await new Promise((turn) => setImmediate(turn))
  }
  expect(lines.size).toBe(0)
})

test('a remote is typed by its kernel: a function among the arguments has to be marked', async () => {
  const definition = defineKernel({
    start: () => ({
      api: {
        add: (a: number, b: number) => a + b,
        keep(given: (text: string) => Promise<number>) {
          return given('x')
        },
      },
    }),
  })
  await using place = await notesHouse()
  using remote = place.runtime.ref<KernelApi<typeof definition>>('notes').remote()
  const sum: number = await remote.add(1, 2)
  expect(sum).toBe(3)
  await remote.keep(proxy((text: string) => text.length))
  type Unmarked = Parameters<typeof remote.keep>[0] extends Proxied ? true : false
  const isMarked: Unmarked = true
  expect(isMarked).toBe(true)
})

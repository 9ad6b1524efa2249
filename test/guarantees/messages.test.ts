/** What becomes of messages, whatever dies. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { deserialize, serialize } from 'node:v8'
import { expect, test } from 'vitest'
import type { LazaretError } from '../../src/index.ts'
import { fast, house, kernelOf } from '../support/house.ts'

const budget = { restart: { max: 50, stableMs: 60_000, ...fast } }

async function codeOf(reply: Promise<unknown> | undefined): Promise<string> {
  return Promise.resolve(reply).then(
    () => 'OK',
    (error: LazaretError) => error.code,
  )
}

test('20,000 tells to a kernel that is killed five times on the way: each once and in order, or a dead letter', {
  timeout: 120_000,
}, async () => {
  const total = 20_000
  await using place = await house([
    {
      id: 'sender',
      source: kernelOf(
        `return { api: { send(count) { for (let n = 1; n <= count; n++) ctx.ref('receiver').tell.take(n) } } }`,
      ),
    },
    {
      ...{ id: 'receiver', mailbox: { max: 30_000 }, ...budget },
      source: kernelOf(`return { api: { take(n) { append('taken', String(n)) }, done: () => true } }`),
    },
  ])
  const kills = new Promise<void>((resolve) => {
    let killed = 0
    const next = () => {
      const thread = place.runtime.threadOf('receiver')
      if (thread === undefined || place.lines('taken').length < (killed + 1) * 2500) {
        setImmediate(next)
        return
      }
      killed += 1
      void thread.terminate()
      if (killed === 5) resolve()
      else void place.seen(() => place.of('kernel.restarted', 'receiver').length >= killed).then(next)
    }
    next()
  })
  await place.runtime.ref('sender').with({ deadlineMs: 60_000 }).ask.send?.(total)
  await kills
  await place.runtime.ref('receiver').with({ deadlineMs: 60_000 }).ask.done?.()
  const taken = place.lines('taken').map(Number)
  const letters = place.runtime.journal.deadLetters({ kernel: 'receiver', limit: 1000 })
  expect(new Set(taken).size).toBe(taken.length)
  expect(taken).toEqual(taken.toSorted((a, b) => a - b))
  // The one in hand at each kill may be written down and be a dead letter: it was begun, and nobody knows how far it came.
  expect(taken.length).toBeLessThanOrEqual(total)
  expect(taken.length + letters.length).toBeGreaterThanOrEqual(total)
  expect(letters.length).toBeLessThanOrEqual(5)
  for (const { code, reason } of letters) expect({ code, reason }).toMatchObject({ code: 'KERNEL_DOWN' })
  expect(place.of('kernel.crashed', 'receiver')).toHaveLength(5)
})

test('every ask settles when its kernel is killed under it', async () => {
  await using place = await house([
    {
      id: 'slow',
      source: kernelOf('return { api: { wait: (n) => new Promise((done) => setTimeout(done, 2, n)) } }'),
      ...budget,
    },
  ])
  const slow = place.runtime.ref('slow').with({ deadlineMs: 10_000 })
  const asks = Array.from({ length: 500 }, (_, n) => codeOf(slow.ask.wait?.(n)))
  await asks[3]
  await place.runtime.threadOf('slow')?.terminate()
  const codes = await Promise.all(asks)
  const lost = codes.filter((code) => code !== 'OK')
  // At most the one in hand; what was not begun was handled by the successor.
  expect(lost.length).toBeLessThanOrEqual(1)
  for (const code of lost) expect(code).toBe('KERNEL_DOWN')
  expect(place.runtime.pendingAsks).toBe(0)
})

test('an idempotent ask that was in hand at a crash is handled again', async () => {
  await using place = await house([
    {
      ...{ id: 'once', ...budget },
      source: kernelOf(`return { api: {
        get() {
          append('tries', 'x')
          ctx.ref('nobody').tell.begun()
          return new Promise((done) => setTimeout(done, 200, 'here'))
        },
      } }`),
    },
  ])
  const reply = place.runtime.ref('once').with({ idempotent: true, deadlineMs: 10_000 }).ask.get?.()
  await place.seen(({ type, method }) => type === 'message.deadLettered' && method === 'begun')
  await place.runtime.threadOf('once')?.terminate()
  expect(await reply).toBe('here')
  expect(place.lines('tries')).toHaveLength(2)
})

test('an ask whose deadline has passed before it was begun is not begun', async () => {
  await using place = await house([
    {
      id: 'busy',
      source: kernelOf(`return { api: {
        hold: (ms) => new Promise((done) => setTimeout(done, ms)),
        late() { append('begun', 'late') },
      } }`),
    },
  ])
  const busy = place.runtime.ref('busy')
  const held = busy.ask.hold?.(400)
  expect(await codeOf(busy.with({ deadlineMs: 50 }).ask.late?.())).toBe('ASK_TIMEOUT')
  await held
  await busy.ask.hold?.(0)
  expect(place.lines('begun')).toEqual([])
})

test('an ask that would wait on itself fails at once: through one, two and three kernels', async () => {
  const relay = kernelOf(`return { api: {
    async through(path) { return path.length === 0 ? ctx.id : ctx.ref(path[0]).ask.through(path.slice(1)) },
  } }`)
  await using place = await house([
    { id: 'a', source: relay },
    { id: 'b', source: relay },
    { id: 'c', source: relay },
    { id: 'wide', source: relay, concurrency: 2 },
  ])
  const ask = (first: string, ...path: string[]) =>
    place.runtime.ref(first).with({ deadlineMs: 20_000 }).ask.through?.(path)
  expect(await ask('a', 'b', 'c')).toBe('c')
  for (const path of [['a'], ['b', 'a'], ['b', 'c', 'a']]) {
    const error = (await ask('a', ...path)?.catch((thrown: unknown) => thrown)) as LazaretError
    let cause: unknown = error
    while (cause instanceof Error && Reflect.get(cause, 'code') === 'HANDLER_FAILED') cause = cause.cause
    expect(cause).toMatchObject({ code: 'ASK_CYCLE' })
  }
  // A kernel with a hand free can still answer.
  expect(await ask('wide', 'b', 'wide')).toBe('wide')
})

test('a mailbox takes as many messages as it may, and not one more', async () => {
  await using place = await house([
    {
      ...{ id: 'small', mailbox: { max: 5 } },
      source: kernelOf('return { api: { hold: (ms) => new Promise((done) => setTimeout(done, ms)), nothing() {} } }'),
    },
  ])
  const small = place.runtime.ref('small')
  const held = small.ask.hold?.(300)
  for (let count = 0; count < 4; count++) small.tell.nothing?.()
  expect(place.of('message.deadLettered')).toHaveLength(0)
  expect(await codeOf(small.ask.nothing?.())).toBe('MAILBOX_FULL')
  small.tell.nothing?.()
  expect(place.of('message.deadLettered')[0]).toMatchObject({
    kernel: 'small',
    method: 'nothing',
    code: 'MAILBOX_FULL',
  })
  await held
  expect(await codeOf(small.ask.nothing?.())).toBe('OK')
})

test('a message that is in hand at two crashes is parked, the kernel spared, and a restart by a person gives it a chance', async () => {
  await using place = await house([
    {
      id: 'picky',
      source: kernelOf("return { api: { eat(what) { if (what === 'poison') null.x\nreturn what } } }"),
      ...budget,
    },
  ])
  const picky = place.runtime.ref('picky').with({ deadlineMs: 10_000 })
  expect(await codeOf(picky.ask.eat?.('poison'))).toBe('KERNEL_DOWN')
  expect(await codeOf(picky.ask.eat?.('poison'))).toBe('MESSAGE_POISONED')
  expect(await codeOf(picky.ask.eat?.('poison'))).toBe('MESSAGE_POISONED')
  expect(await picky.ask.eat?.('bread')).toBe('bread')
  expect(place.of('kernel.crashed')).toHaveLength(2)
  await place.runtime.kernel('picky').restart()
  expect(await codeOf(picky.ask.eat?.('poison'))).toBe('KERNEL_DOWN')
})

test('a message in the hands of a kernel that somebody else kills is not to blame', async () => {
  await using place = await house([
    {
      id: 'victim',
      source: kernelOf('return { api: { hold: () => new Promise((done) => setTimeout(done, 5000)), ping: () => 1 } }'),
      ...budget,
    },
  ])
  for (let round = 1; round <= 3; round++) {
    const reply = codeOf(place.runtime.ref('victim').with({ deadlineMs: 10_000 }).ask.hold?.())
    await place.runtime
      .ref('victim')
      .with({ deadlineMs: 100 })
      .ask.ping?.()
      .catch(() => 'it is busy holding')
    await place.runtime.threadOf('victim')?.terminate()
    expect(await reply).toBe('KERNEL_DOWN')
    await place.seen(() => place.of('kernel.restarted').length === round)
  }
  expect(place.of('message.poisoned')).toEqual([])
})

test('ordinary errors are answers: name, code and cause arrive, and the kernel goes on', async () => {
  await using place = await house([
    {
      id: 'teller',
      source: kernelOf(`return { api: {
        coded() { throw Object.assign(new RangeError('too far'), { code: 'E_FAR', cause: new Error('because') }) },
        dom() { throw new DOMException('gone', 'AbortError') },
        many() { throw new AggregateError([new Error('one'), new TypeError('two')], 'several') },
        unclonable: () => ({ run() {} }),
        fine: () => 'fine',
      } }`),
    },
  ])
  const { ask } = place.runtime.ref('teller')
  const caught = async (reply: Promise<unknown> | undefined) =>
    (await reply?.catch((error: unknown) => error)) as LazaretError
  const coded = await caught(ask.coded?.())
  expect(coded).toMatchObject({
    code: 'HANDLER_FAILED',
    kernel: 'teller',
    cause: { name: 'RangeError', code: 'E_FAR', message: 'too far' },
  })
  expect(coded.cause).toBeInstanceOf(RangeError)
  expect((coded.cause as Error).cause).toMatchObject({ message: 'because' })
  expect(await caught(ask.dom?.())).toMatchObject({ cause: { name: 'AbortError', message: 'gone' } })
  expect((await caught(ask.many?.())).cause).toMatchObject({ errors: [{ message: 'one' }, { message: 'two' }] })
  expect(await caught(ask.unclonable?.())).toMatchObject({ code: 'REPLY_UNCLONABLE' })
  expect(await caught(ask.coded?.(() => 'a function'))).toMatchObject({ code: 'MESSAGE_UNCLONABLE' })
  expect(await caught(ask.nowhere?.())).toMatchObject({ code: 'UNKNOWN_METHOD' })
  expect(await ask.fine?.()).toBe('fine')
  expect(place.of('kernel.crashed')).toEqual([])
})

test('a defect crashes its own kernel and not the one that relays it', async () => {
  await using place = await house([
    { id: 'broken', source: kernelOf('return { api: { fail() { missing() } } }'), ...budget },
    {
      id: 'relay',
      source: kernelOf("return { api: { async pass() { await ctx.ref('broken').ask.fail() } } }"),
      ...budget,
    },
  ])
  const error = (await place.runtime
    .ref('relay')
    .ask.pass?.()
    .catch((thrown: unknown) => thrown)) as LazaretError
  expect(error).toMatchObject({
    code: 'HANDLER_FAILED',
    kernel: 'relay',
    cause: { code: 'KERNEL_DOWN', kernel: 'broken' },
  })
  await place.seen(({ type, kernel }) => type === 'kernel.restarted' && kernel === 'broken')
  expect(place.of('kernel.crashed').map(({ kernel }) => kernel)).toEqual(['broken'])
})

test('crashOn says which errors of a handler are fatal', async () => {
  const source = kernelOf("return { api: { defect() { null.x }, ordinary() { throw new Error('no') } } }")
  await using place = await house([
    { id: 'strict', source, crashOn: 'all', ...budget },
    { id: 'usual', source, ...budget },
    { id: 'lenient', source, crashOn: 'uncaught', ...budget },
  ])
  const codes: Record<string, string[]> = {}
  for (const id of ['strict', 'usual', 'lenient']) {
    const { ask } = place.runtime.ref(id).with({ deadlineMs: 10_000 })
    codes[id] = [await codeOf(ask.ordinary?.()), await codeOf(ask.defect?.())]
  }
  expect(codes).toEqual({
    strict: ['KERNEL_DOWN', 'KERNEL_DOWN'],
    usual: ['HANDLER_FAILED', 'KERNEL_DOWN'],
    lenient: ['HANDLER_FAILED', 'HANDLER_FAILED'],
  })
})

test('a tell to a kernel that does not exist is a dead letter that says so', async () => {
  await using place = await house([
    { id: 'lost', source: kernelOf("return { api: { write() { ctx.ref('nobody').tell.read('a letter') } } }") },
  ])
  await place.runtime.ref('lost').ask.write?.()
  await place.seen(({ type }) => type === 'message.deadLettered')
  expect(place.runtime.journal.deadLetters()).toMatchObject([
    { kernel: 'nobody', from: 'lost', code: 'UNKNOWN_KERNEL' },
  ])
})

test('a ref is no promise and no JSON, and refuses ids and options that cannot be', async () => {
  await using place = await house([{ id: 'plain', source: kernelOf('return { api: { ping: () => 1 } }') }])
  const ref = place.runtime.ref('plain')
  expect(await Promise.resolve(ref)).toBe(ref)
  expect(await Promise.resolve(ref.ask)).toBe(ref.ask)
  expect(JSON.stringify(ref.ask)).toBe('{}')
  expect(Reflect.get(ref.ask, 'constructor')).toBeUndefined()
  expect(() => place.runtime.ref('nobody')).toThrow(/has no kernel "nobody"/)
  expect(() => ref.with({ deadlineMs: 0 })).toThrow(/deadlineMs/)
  expect(await ref.with({ deadlineMs: 1000 }).ask.ping?.()).toBe(1)
})

test('an ask of a timer, or of what a handler left behind, waits for nobody: no cycle is seen where none is', async () => {
  await using place = await house([
    {
      id: 'a',
      source: kernelOf(`const go = () => ctx.ref('b').ask.ping().then(
          (said) => ctx.ref('nobody').tell.out(said),
          (error) => ctx.ref('nobody').tell.out(error.message),
        )
        setTimeout(go, 20)
        return { api: { hello: () => 'hi', leave() { void go() }, later() { setTimeout(go, 20) } } }`),
    },
    {
      id: 'b',
      source: kernelOf(`return { api: { async ping() {
        await new Promise((done) => setTimeout(done, 50))
        return ctx.ref('a').ask.hello()
      } } }`),
    },
  ])
  const out = () =>
    place.runtime.journal.deadLetters({ kernel: 'nobody' }).map(({ args }) => deserialize(args ?? serialize([])))
  const said = (times: number) => place.seen(() => place.of('message.deadLettered', 'nobody').length === times)
  await said(1)
  await place.runtime.ref('a').ask.leave?.()
  await said(2)
  await place.runtime.ref('a').ask.later?.()
  await said(3)
  expect(out()).toEqual([['hi'], ['hi'], ['hi']])
})

test('an idempotent message in hand at an orderly restart that must be forced is handled again', async () => {
  await using place = await house([
    {
      ...{ id: 'a', limits: { stopMs: 200 } },
      source: kernelOf(
        `return { api: { slow() {
          append('begun', 'x')
          ctx.ref('nobody').tell.begun()
          return readFileSync('FOLDER/begun', 'utf8') === 'x\\n' ? new Promise(() => {}) : 'done'
        } } }`,
        "import { readFileSync } from 'node:fs'",
      ),
    },
  ])
  const slow = place.runtime.ref('a').with({ idempotent: true, deadlineMs: 10_000 }).ask.slow?.()
  await place.seen(({ type, method }) => type === 'message.deadLettered' && method === 'begun')
  await place.runtime.kernel('a').restart()
  expect(await slow).toBe('done')
  expect(place.lines('begun')).toHaveLength(2)
})

test('asks whose callers have given up keep no place in a mailbox or a buffer', async () => {
  await using place = await house([
    {
      ...{ id: 'a', mailbox: { max: 5 }, degraded: { mode: 'buffer', max: 5 } },
      source: kernelOf(
        `return { api: { hold: () => new Promise((done) => setTimeout(done, 400)), take(n) { append('taken', String(n)) } } }`,
      ),
    },
  ])
  const a = place.runtime.ref('a')
  const impatient = a.with({ deadlineMs: 30 })
  const givenUp = () => Promise.all([1, 2, 3, 4, 5].map((n) => codeOf(impatient.ask.take?.(n))))
  a.tell.hold?.()
  const inService = await givenUp()
  expect(new Set(inService)).toEqual(new Set(['ASK_TIMEOUT', 'MAILBOX_FULL']))
  a.tell.take?.('in service')
  await a.with({ deadlineMs: 5000 }).ask.hold?.()
  await place.runtime.kernel('a').quarantine()
  expect(new Set(await givenUp())).toEqual(new Set(['ASK_TIMEOUT']))
  expect(place.runtime.kernel('a').status().mailbox).toBe(0)
  a.tell.take?.('buffered')
  expect(place.of('message.deadLettered', 'a')).toEqual([])
  await place.runtime.kernel('a').rejoin()
  await a.ask.take?.('last')
  expect(place.lines('taken')).toEqual(['in service', 'buffered', 'last'])
})

test('a tell to a runtime that stops or has stopped is an event, and never throws in its sender', async () => {
  await using place = await house([{ id: 'a', source: kernelOf('return { api: { x: () => 1 } }') }])
  const a = place.runtime.ref('a')
  const stopped = place.runtime.stop()
  a.tell.x?.('during')
  await stopped
  a.tell.x?.('after')
  expect(place.of('message.deadLettered', 'a').map(({ code }) => code)).toEqual(['RUNTIME_STOPPED', 'RUNTIME_STOPPED'])
  expect(place.of('listener.failed')).toEqual([])
  expect(await codeOf(a.ask.x?.())).toBe('RUNTIME_STOPPED')
})

test('a tell to a kernel that crashed while others still stop is a dead letter', async () => {
  await using place = await house([
    {
      ...{ id: 'low', restart: { max: 3, backoffMs: 5000, backoffMaxMs: 5000, jitter: 0 } },
      source: kernelOf('return { api: { x: () => 1, die: () => process.exit(1) } }'),
    },
    {
      ...{ id: 'high', dependsOn: ['low'] },
      source: kernelOf(`return { api: {}, stop: async () => {
        const low = ctx.ref('low')
        await low.ask.die().catch(() => undefined)
        low.tell.x(5)
        low.tell.x(6)
      } }`),
    },
  ])
  await place.runtime.stop()
  const letters = place.of('message.deadLettered', 'low').map(({ method, code }) => [method, code])
  expect(letters).toEqual([
    ['x', 'RUNTIME_STOPPED'],
    ['x', 'RUNTIME_STOPPED'],
  ])
})

test('while the journal refuses, what was in hand at a crash settles all the same', async () => {
  await using place = await house([
    {
      ...{ id: 'a', restart: { max: 3, stableMs: 60_000, ...fast } },
      source: kernelOf(`return { api: {
        async boom(n) { await 0; throw new TypeError('boom ' + n) },
        ok: () => append('ok', 'x'),
      } }`),
    },
  ])
  const other = new DatabaseSync(join(place.folder, 'data', 'journal.db'))
  other.exec('DROP TABLE failures; DROP TABLE poison')
  other.close()
  const a = place.runtime.ref('a')
  const asked = codeOf(a.with({ deadlineMs: 20_000 }).ask.boom?.(0))
  a.tell.boom?.(1)
  a.tell.ok?.()
  expect(await asked).toBe('KERNEL_DOWN')
  await place.seen(({ type }) => type === 'message.deadLettered')
  expect(await a.with({ deadlineMs: 20_000 }).ask.ok?.()).toBeUndefined()
  expect(place.lines('ok')).toHaveLength(2)
  expect(place.of('message.deadLettered', 'a')).toMatchObject([{ method: 'boom', code: 'KERNEL_DOWN' }])
  expect(place.of('runtime.failed').length).toBeGreaterThan(0)
})

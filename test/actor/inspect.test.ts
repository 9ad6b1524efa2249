import { expect, test } from 'vitest'
import { type AnyActorRef, assign, createActor, createMachine, fromPromise, setup, spawnChild } from 'xstate'
import { Inspect } from '../../src/actor/inspect.ts'
import type { KernelContext } from '../../src/actor/kernel.ts'
import { recordedContext } from '../../src/actor/recorded-world.ts'
import { limits } from '../../src/base/limits.ts'
import type { InspectedRecord } from '../../src/chart/inspected.ts'

type Snapshot = Extract<InspectedRecord, { kind: 'snapshot' }>

/** A thread's part, with a clock that stands unless it is told to move. */
function watcher() {
  const batches: InspectedRecord[][] = []
  const warnings: string[] = []
  const time = { ms: 0, cpuMs: 0, perLook: 0 }
  const waiting: { ms: number; run: () => void }[] = []
  const sent: (() => void)[] = []
  const inspect = new Inspect({
    now: () => 1000 + time.ms,
    monotonicMs: () => time.ms,
    cpuMs: () => {
      time.cpuMs += time.perLook
      return time.cpuMs
    },
    later: (ms, run) => void waiting.push({ ms, run }),
    send: (records) => {
      batches.push(records)
      for (const heard of sent.splice(0)) heard()
    },
    warn: (text) => void warnings.push(text),
  })
  return {
    take: inspect.take,
    batches,
    warnings,
    time,
    waiting,
    /** Carries out what waits, and resolves with the batch that comes of it. */
    async next(): Promise<InspectedRecord[]> {
      const comes = new Promise<void>((resolve) => sent.push(resolve))
      const next = waiting.shift()
      time.ms += next?.ms ?? 0
      next?.run()
      await comes
      return batches.at(-1) ?? []
    },
  }
}

const counter = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'ADD' } | { type: 'END' } },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  initial: 'even',
  states: {
    even: { on: { ADD: { target: 'odd', actions: assign({ n: ({ context }) => context.n + 1 }) }, END: 'over' } },
    odd: { on: { ADD: { target: 'even', actions: assign({ n: ({ context }) => context.n + 1 }) } } },
    over: { type: 'final' },
  },
})

const snapshots = (records: readonly InspectedRecord[]) =>
  records.filter((one): one is Snapshot => one.kind === 'snapshot')

test('an actor is told with its chart, then each event and each state with the edges that led there', async () => {
  const watch = watcher()
  const actor = createActor(counter, { inspect: watch.take, id: 'tally' }).start()
  actor.send({ type: 'ADD' })
  const records = await watch.next()
  expect(records.map(({ kind }) => kind)).toEqual(['actor', 'event', 'snapshot', 'event', 'snapshot'])
  expect(records[0]).toMatchObject({ id: 'tally', session: actor.sessionId, chart: { id: 'counter' } })
  expect(records[3]).toMatchObject({ type: 'ADD', text: '{"type":"ADD"}' })
  expect(records[4]).toMatchObject({
    ...{ status: 'active', active: ['counter', 'counter.odd'], edges: ['counter.even|ADD|0'], context: '{"n":1}' },
  })
})

test('nothing is told of what has not changed, and nothing waits then', async () => {
  const watch = watcher()
  createActor(counter, { inspect: watch.take }).start()
  await watch.next()
  expect(watch.waiting).toEqual([])
})

test('of 100,000 transitions in one turn the last ones are told, the last state is true, and the others are counted', async () => {
  const watch = watcher()
  const actor = createActor(counter, { inspect: watch.take }).start()
  for (let n = 0; n < 100_000; n += 1) actor.send({ type: 'ADD' })
  expect(watch.waiting).toHaveLength(1)
  const records = await watch.next()
  // One for the actor itself.
  expect(records).toHaveLength(limits.inspectedHeld + 1)
  expect(snapshots(records).at(-1)).toMatchObject({ active: ['counter', 'counter.even'], context: '{"n":100000}' })
  const [first] = snapshots(records)
  // 200,002 were heard: an event and a state for each, and those of its start.
  expect(first?.leftOut).toBe(200_002 - limits.inspectedHeld)
  expect([...(first?.edges ?? [])].sort()).toEqual(['counter.even|ADD|0', 'counter.odd|ADD|0'])
  expect(
    snapshots(records)
      .slice(1)
      .every(({ leftOut }) => leftOut === undefined),
  ).toBe(true)
})

test('the next batch waits, and the longer the last one took', async () => {
  const watch = watcher()
  const actor = createActor(counter, { inspect: watch.take }).start()
  expect(watch.waiting[0]?.ms).toBe(0)
  await watch.next()
  actor.send({ type: 'ADD' })
  expect(watch.waiting[0]?.ms).toBe(limits.inspectedEveryMs)
  watch.time.perLook = 2
  await watch.next()
  watch.time.perLook = 0
  actor.send({ type: 'ADD' })
  expect(watch.waiting[0]?.ms).toBeGreaterThan(limits.inspectedEveryMs)
  expect(watch.waiting[0]?.ms).toBeLessThanOrEqual(limits.inspectedPauseMs)
})

test('what there was no time to write is left out, and the state of every actor still arrives', async () => {
  const watch = watcher()
  const actors = Array.from({ length: 10 }, (_, n) =>
    createActor(counter, { inspect: watch.take, id: `a${n}` }).start(),
  )
  for (const actor of actors) actor.send({ type: 'ADD' })
  watch.time.perLook = limits.inspectedSpendMs + 1
  const seen = new Map<string, string>()
  let left = 20
  while (watch.waiting.length > 0 && left > 0) {
    for (const { session, context } of snapshots(await watch.next())) seen.set(session, context)
    left -= 1
  }
  expect(new Set(seen.values())).toEqual(new Set(['{"n":1}']))
  expect(seen.size).toBe(10)
})

test('children are told with their parents, promises with what they came to, and an actor that failed as failed', async () => {
  const watch = watcher()
  const machine = setup({
    actors: {
      child: counter,
      answer: fromPromise(async () => 42),
      broken: fromPromise(async () => Promise.reject(new Error('no such answer'))),
    },
  }).createMachine({
    id: 'parent',
    entry: [spawnChild('answer', { id: 'promise' }), spawnChild('broken', { id: 'broken' })],
    invoke: { src: 'child', id: 'child' },
    on: { 'xstate.error.actor.broken': {} },
  })
  const actor = createActor(machine, { inspect: watch.take }).start()
  await new Promise((resolve) => setImmediate(resolve))
  const records = await watch.next()
  const made = new Map(records.flatMap((one) => (one.kind === 'actor' ? [[one.id, one] as const] : [])))
  expect(made.get('child')).toMatchObject({ parent: actor.sessionId, chart: { id: 'counter' } })
  expect(made.get('promise')?.chart).toBeUndefined()
  const last = (id: string) => snapshots(records).findLast(({ session }) => session === made.get(id)?.session)
  expect(last('promise')).toMatchObject({ status: 'done', context: '{"output":42}', active: [] })
  expect(last('broken')).toMatchObject({ status: 'error', context: expect.stringContaining('no such answer') })
})

test('a machine whose action throws is shown as failed, though XState tells of no snapshot then', async () => {
  const watch = watcher()
  const machine = createMachine({
    on: {
      GO: {
        actions: () => {
          throw new Error('out of paper')
        },
      },
    },
  })
  const actor = createActor(machine, { inspect: watch.take })
  actor.subscribe({ error: () => undefined })
  actor.start().send({ type: 'GO' })
  const last = snapshots(await watch.next()).at(-1)
  expect(last).toMatchObject({ status: 'error', context: expect.stringContaining('out of paper') })
})

test('contexts and events are redacted, and whatever they hold is bounded and described', async () => {
  const watch = watcher()
  class Money {
    readonly cents = 5
  }
  const circle: Record<string, unknown> = { name: 'circle' }
  circle.self = circle
  const odd = {
    get bad(): never {
      throw new Error('a getter')
    },
  }
  const context = {
    ...{ apiKey: 'abc', circle, odd, money: new Money(), run: () => 1, when: new Date(0), set: new Set([1]) },
    proxy: new Proxy({}, {}),
  }
  const machine = setup({
    types: { context: {} as typeof context & { child: AnyActorRef } },
    actors: { counter },
  }).createMachine({ context: ({ spawn }) => ({ ...context, child: spawn('counter', { id: 'kid' }) }) })
  const actor = createActor(machine, { inspect: watch.take }).start()
  actor.send({ type: 'LOGIN', password: 'hunter2', big: 'x'.repeat(1_000_000) } as never)
  const records = await watch.next()
  const mine = records.filter(({ session }) => session === actor.sessionId)
  expect(JSON.parse(snapshots(mine).at(-1)?.context ?? '')).toMatchObject({
    ...{ apiKey: '[redacted]', circle: { name: 'circle', self: '[circular]' }, money: '[Money]', run: '[function]' },
    ...{
      when: '1970-01-01T00:00:00.000Z',
      set: { set: [1] },
      odd: { bad: '[unreadable]' },
      child: '[actor kid]',
      proxy: '[proxy]',
    },
  })
  const event = mine.find((one) => one.kind === 'event' && one.type === 'LOGIN') as { text: string }
  expect(event.text.length).toBeLessThanOrEqual(limits.inspectedJsonChars)
  expect(JSON.parse(event.text)).toMatchObject({ type: 'LOGIN', password: '[redacted]' })
})

test.each([
  ['wide', Array.from({ length: 100_000 }, (_, n) => ({ n }))],
  ['of many long keys', Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`${n}${'k'.repeat(500)}`, n]))],
  ['of texts that grow in JSON', Array.from({ length: 50 }, () => '\u0000'.repeat(5000))],
  ['deep', Array.from({ length: 10_000 }).reduce<object>((inner) => ({ inner }), {})],
])('a context that is %s stays JSON of a bounded length', async (_, value) => {
  const watch = watcher()
  createActor(createMachine({ context: { value } }), { inspect: watch.take }).start()
  const context = snapshots(await watch.next()).at(-1)?.context ?? ''
  expect(context.length).toBeLessThanOrEqual(limits.inspectedJsonChars)
  expect(() => JSON.parse(context)).not.toThrow()
})

test('as many actors as are shown live at once, and one more is not shown; one that ended makes room', async () => {
  const watch = watcher()
  const actors = Array.from({ length: limits.inspectedActors }, () =>
    createActor(counter, { inspect: watch.take }).start(),
  )
  createActor(counter, { inspect: watch.take, id: 'too many' }).start()
  createActor(counter, { inspect: watch.take, id: 'far too many' }).start()
  expect((await watch.next()).filter(({ kind }) => kind === 'actor')).toHaveLength(limits.inspectedActors)
  expect(watch.warnings).toEqual([expect.stringContaining(`More than ${limits.inspectedActors} of its actors`)])
  actors[0]?.send({ type: 'END' })
  createActor(counter, { inspect: watch.take, id: 'fits' }).start()
  expect(await watch.next()).toContainEqual(expect.objectContaining({ kind: 'actor', id: 'fits' }))
})

test('two actors of one session id, of two copies of XState, are told apart', async () => {
  const watch = watcher()
  const actorOf = (id: string) => ({ sessionId: 'x:0', id, getSnapshot: () => ({ status: 'active', context: id }) })
  const [one, other] = [actorOf('one'), actorOf('other')]
  for (const actorRef of [one, other, one]) watch.take({ type: '@xstate.actor', actorRef })
  const records = await watch.next()
  expect(records.map((record) => [record.session, (record as { id?: string }).id])).toEqual([
    ['x:0', 'one'],
    ['x:0~2', 'other'],
  ])
})

test.each([
  ['nothing', undefined],
  ['a text', 'event'],
  ['no actor', { type: '@xstate.event', event: { type: 'A' } }],
  [
    'an actor that throws',
    {
      type: '@xstate.actor',
      actorRef: new Proxy(
        {},
        {
          get: () => {
            throw new Error('no')
          },
        },
      ),
    },
  ],
  ['an event that is none', { type: '@xstate.event', actorRef: { sessionId: 'x:1' }, event: 7 }],
  ['steps that are none', { type: '@xstate.microstep', actorRef: { sessionId: 'x:1' }, _transitions: 3 }],
])('%s in place of an inspection event harms nobody', async (_, told) => {
  const watch = watcher()
  expect(() => watch.take(told)).not.toThrow()
  for (const { run } of watch.waiting) run()
})

test('ctx.inspect has the type that XState wants', () => {
  const make = (ctx: Pick<KernelContext, 'inspect'>) => createActor(counter, { inspect: ctx.inspect })
  expect(make({ inspect: () => {} }).getSnapshot().value).toBe('even')
})

test('a kernel that inspects is tried out like any other: nobody watches there', () => {
  const { inspect } = recordedContext({ kernel: 'k', config: {}, dataDir: '/nowhere', replies: [], log: () => {} })
  expect(createActor(counter, { inspect }).start().getSnapshot().value).toBe('even')
})

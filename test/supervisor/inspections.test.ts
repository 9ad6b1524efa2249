/** A kernel that runs machines of its own, with a copy of nothing but what it imports, in a real thread. */
import { expect, test } from 'vitest'
import type { InspectedActor, Runtime } from '../../src/index.ts'
import { fast, house, kernelOf, type TestKernel } from '../support/house.ts'

const orders: TestKernel = {
  id: 'orders',
  restart: { ...fast, max: 3, stableMs: 60_000 },
  source: kernelOf(
    `
    const order = createActor(orderMachine, { inspect: ctx.inspect, id: 'order' }).start()
    const fastOne = createActor(counter, { inspect: ctx.inspect, id: 'fast' }).start()
    return {
      api: {
        pay: (card) => order.send({ type: 'PAY', card, token: 'abc' }),
        spin: (times) => {
          const beganAt = performance.now()
          for (let n = 0; n < times; n += 1) fastOne.send({ type: 'ADD' })
          return performance.now() - beganAt
        },
        crash: () => { throw new TypeError('a defect') },
      },
    }`,
    `import { assign, createActor, fromPromise, setup } from '${import.meta.resolve('xstate')}'
const counter = setup({}).createMachine({
  id: 'counter',
  context: { n: 0 },
  on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
})
const bell = setup({}).createMachine({ id: 'bell', initial: 'silent', states: { silent: {} } })
const orderMachine = setup({
  actors: { bell, charge: fromPromise(async ({ input }) => ({ charged: input.card })) },
}).createMachine({
  id: 'order',
  initial: 'open',
  context: { card: 'none', paid: false },
  invoke: { src: 'bell', id: 'bell' },
  states: {
    open: { on: { PAY: { target: 'paying', actions: assign({ card: ({ event }) => event.card }) } } },
    paying: {
      invoke: {
        src: 'charge',
        id: 'charge',
        input: ({ context }) => ({ card: context.card }),
        onDone: { target: 'paid', actions: assign({ paid: true }) },
      },
    },
    paid: { type: 'final' },
  },
})
`,
  ),
}

/** Resolves with the kernel's actors as soon as they satisfy the test. */
function machines(runtime: Runtime, test: (actors: InspectedActor[]) => boolean): Promise<InspectedActor[]> {
  return new Promise((resolve) => {
    const look = () => {
      const actors = runtime.machines('orders')
      if (!test(actors)) return
      off()
      resolve(actors)
    }
    const off = runtime.onInspected(look)
    look()
  })
}

const named = (actors: readonly InspectedActor[], id: string) => actors.find((actor) => actor.id === id)

test('a kernel shows its machines, theirs and their promises, and a new instance begins anew', async () => {
  await using home = await house([orders])
  const { runtime } = home
  const atStart = await machines(runtime, (actors) => named(actors, 'bell') !== undefined)
  expect(named(atStart, 'order')).toMatchObject({
    status: 'active',
    active: ['order', 'order.open'],
    chart: { id: 'order' },
  })
  expect(named(atStart, 'bell')).toMatchObject({
    parent: named(atStart, 'order')?.session,
    active: ['bell', 'bell.silent'],
  })

  await runtime.ref('orders').ask.pay?.('visa')
  const paid = await machines(runtime, (actors) => named(actors, 'order')?.status === 'done')
  const order = named(paid, 'order')
  expect(order).toMatchObject({ active: ['order', 'order.paid'], context: '{"card":"visa","paid":true}' })
  const pay = order?.recent.find((record) => record.kind === 'event' && record.type === 'PAY')
  expect(pay).toMatchObject({ text: '{"type":"PAY","card":"visa","token":"[redacted]"}' })
  const edges = order?.recent.flatMap((record) => (record.kind === 'snapshot' ? record.edges : []))
  expect(edges).toEqual(['order.open|PAY|0', 'order.paying|xstate.done.actor.charge|0'])
  expect(named(paid, 'charge')).toMatchObject({ status: 'done', context: '{"output":{"charged":"visa"}}' })
  expect(named(paid, 'charge')?.chart).toBeUndefined()
  // Stopped with its parent, and still there to be looked at.
  expect(named(await machines(runtime, (actors) => named(actors, 'bell')?.status === 'stopped'), 'bell')).toBeDefined()

  await runtime.kernel('orders').restart()
  const anew = await machines(runtime, (actors) => named(actors, 'order')?.status === 'active')
  expect(named(anew, 'order')?.active).toEqual(['order', 'order.open'])
  expect(named(anew, 'charge')).toBeUndefined()
  await runtime.kernel('orders').quarantine()
  // With its thread.
  await machines(runtime, (actors) => actors.length === 0)
})

test('100,000 transitions at once keep no message waiting for long, and the last state arrives', async () => {
  await using home = await house([{ ...orders, limits: { askMs: 60_000 } }])
  const { runtime } = home
  const heard: string[] = []
  const off = runtime.onInspected((kernel) => heard.push(kernel))
  await runtime.ref('orders').ask.spin?.(100_000)
  const actors = await machines(runtime, (all) => named(all, 'fast')?.context === '{"n":100000}')
  off()
  const one = named(actors, 'fast')
  expect(one?.recent.length).toBeLessThan(100)
  expect(one?.leftOut).toBeGreaterThan(199_000)
  // Batches, not records.
  expect(heard.length).toBeLessThan(20)
})

import { expect, test } from 'vitest'
import {
  and,
  assign,
  cancel,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  forwardTo,
  fromPromise,
  log,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  stopChild,
} from 'xstate'
import { chartKey } from '../../src/chart/chart-key.ts'
import { chartOf, edgeIdsOf } from '../../src/chart/from-machine.ts'
import type { Chart, ChartEdge, ChartNode } from '../../src/chart/model.ts'
import { lifecycleMachine } from '../../src/lifecycle/machine.ts'
import { twelveMachines } from '../viz/machines.ts'
import { generatedMachine } from './generated.ts'

function nodesOf(node: ChartNode): ChartNode[] {
  return [node, ...node.children.flatMap(nodesOf)]
}

function nodeOf(chart: Chart, id: string): ChartNode {
  const found = nodesOf(chart.root).find((node) => node.id === id)
  if (found === undefined) throw new Error(`No node ${id}`)
  return found
}

function edgeOf(chart: Chart, id: string): ChartEdge {
  const found = chart.edges.find((edge) => edge.id === id)
  if (found === undefined) throw new Error(`No edge ${id} among:\n${chart.edges.map((edge) => edge.id).join('\n')}`)
  return found
}

/** Of the edges out of m.a, in a machine that has only that state and another. */
function edgesOf(a: Record<string, unknown>, more: Record<string, unknown> = {}): Chart {
  return chartOf(createMachine({ id: 'm', initial: 'a', states: { a, b: {} }, ...more } as never))
}

test('every kind of state is told, with its place, its initial state and its history', () => {
  const chart = chartOf(
    createMachine({
      id: 'm',
      initial: 'one',
      states: {
        one: { description: 'The first.', tags: ['x', 'y'], meta: { any: 1 } },
        many: { type: 'parallel', states: { left: {}, right: { initial: 'deep', states: { deep: {} } } } },
        back: { type: 'history', history: 'deep', target: 'many' },
        shallow: { type: 'history' },
        end: { type: 'final', output: 1 },
      },
    }),
  )
  expect(nodesOf(chart.root).map(({ id, kind }) => `${id} ${kind}`)).toEqual([
    'm compound',
    'm.one atomic',
    'm.many parallel',
    'm.many.left atomic',
    'm.many.right compound',
    'm.many.right.deep atomic',
    'm.back history',
    'm.shallow history',
    'm.end final',
  ])
  expect(chart.root.initial).toBe('m.one')
  expect(nodeOf(chart, 'm.many').initial).toBeUndefined()
  expect(nodeOf(chart, 'm.one')).toMatchObject({ description: 'The first.', tags: ['x', 'y'] })
  expect(nodeOf(chart, 'm.back').history).toBe('deep')
  expect(nodeOf(chart, 'm.shallow').history).toBe('shallow')
  // Where a history state leads the first time is an arrow; where it says nothing there is none.
  expect(chart.edges).toEqual([
    {
      id: 'm.back|default|0',
      source: 'm.back',
      targets: ['m.many'],
      kind: 'always',
      event: 'default',
      actions: [],
      reenter: false,
    },
  ])
})

test('a history state finds its default by path, by escaped path and by id', () => {
  const history = (target: string) => ({ type: 'history' as const, target })
  const chart = chartOf(
    createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { initial: 'b', states: { b: {}, 'c.d': { id: 'odd' } } },
        byPath: history('a.b'),
        byEscape: history('a.c\\.d'),
        byId: history('#odd'),
      },
    }),
  )
  expect(chart.edges.map(({ source, targets }) => [source, ...targets])).toEqual([
    ['m.byPath', 'm.a.b'],
    ['m.byEscape', 'odd'],
    ['m.byId', 'odd'],
  ])
})

test('candidates for one event are edges of their own, in the order in which they are tried', () => {
  const chart = edgesOf({
    on: {
      GO: [
        { guard: 'first', target: 'b', actions: ['x', { type: 'y', params: { of: 1 } }] },
        { target: 'a', reenter: true, description: 'Again.' },
      ],
      STAY: { actions: 'x' },
      NOT_HERE: {},
    },
  })
  const plain = { kind: 'event', source: 'm.a', reenter: false, actions: [] }
  expect(chart.edges).toEqual([
    { ...plain, id: 'm.a|GO|0', event: 'GO', targets: ['m.b'], guard: 'first', actions: ['x', 'y(of: 1)'] },
    { ...plain, id: 'm.a|GO|1', event: 'GO', targets: ['m.a'], reenter: true, description: 'Again.' },
    { ...plain, id: 'm.a|STAY|0', event: 'STAY', targets: [], actions: ['x'] },
    { ...plain, id: 'm.a|NOT_HERE|0', event: 'NOT_HERE', targets: [] },
  ])
})

test('wildcards, whole and partial, are of their own kind', () => {
  const chart = edgesOf({ on: { '*': 'b', 'mouse.*': 'b', 'mouse.up': 'b' } })
  expect(chart.edges.map(({ event, kind }) => [event, kind])).toEqual([
    ['*', 'wildcard'],
    ['mouse.*', 'wildcard'],
    ['mouse.up', 'event'],
  ])
})

test('always is drawn, though XState keeps it apart', () => {
  const chart = edgesOf({
    always: [
      { guard: 'ready', target: 'b' },
      { guard: 'late', actions: 'x' },
    ],
  })
  expect(chart.edges.map(({ id, kind, event, guard }) => [id, kind, event, guard])).toEqual([
    ['m.a||0', 'always', 'always', 'ready'],
    ['m.a||1', 'always', 'always', 'late'],
  ])
})

test('delays read as a person says them: figures, names, and the figure that a name stands for', () => {
  const chart = chartOf(
    setup({ delays: { short: 250, grown: () => 5 } }).createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { after: { 10: 'b', 1500: 'b', 90000: 'b', 86400000: 'b', 1001: 'b', short: 'b', grown: 'b' } },
        b: {},
      },
    }),
  )
  expect(chart.edges.map(({ event, delay }) => [event, delay])).toEqual([
    ['after 10 ms', 10],
    ['after 1001 ms', 1001],
    ['after 1.5 s', 1500],
    ['after 1.5 min', 90_000],
    ['after 1 d', 86_400_000],
    ['after short (250 ms)', 'short'],
    ['after grown', 'grown'],
  ])
  // The raise and the cancel that XState adds for each are its own business.
  expect(nodeOf(chart, 'm.a')).toMatchObject({ entry: [], exit: [] })
  expect(edgeOf(chart, 'm.a|xstate.after.grown.m.a|0').kind).toBe('after')
})

test('invoked actors go by the name that a person gave, and so do their ends', () => {
  const child = createMachine({ id: 'childMachine' })
  async function loadUser() {
    return 1
  }
  const chart = edgesOf({
    invoke: [
      { src: 'fetchUser', onDone: 'b', onError: 'b' },
      { src: 'fetchUser', id: 'again', onDone: 'b', onSnapshot: { actions: 'x' } },
      { src: child, onDone: 'b' },
      { src: fromPromise(loadUser), onDone: 'b' },
      { src: fromPromise(async () => 1), onError: 'b' },
    ],
  })
  expect(nodeOf(chart, 'm.a').invokes).toEqual([
    { id: '0.m.a', src: 'fetchUser' },
    { id: 'again', src: 'fetchUser' },
    { id: '2.m.a', src: 'childMachine' },
    { id: '3.m.a', src: 'loadUser' },
    { id: '4.m.a', src: 'inline' },
  ])
  expect(chart.edges.map(({ event, kind }) => [event, kind])).toEqual([
    ['done: fetchUser', 'done'],
    ['error: fetchUser', 'error'],
    ['done: again', 'done'],
    ['snapshot: again', 'event'],
    ['done: childMachine', 'done'],
    ['done: loadUser', 'done'],
    ['error: inline', 'error'],
  ])
})

test("a state's own end is done, and an event of a spawned actor's end is told by its id", () => {
  const chart = edgesOf({
    initial: 'x',
    states: { x: { type: 'final' } },
    onDone: 'b',
    on: { 'xstate.done.actor.kid': 'b', 'xstate.error.actor.*': 'b' },
  })
  expect(chart.edges.map(({ event, kind }) => [event, kind])).toEqual([
    ['done: kid', 'done'],
    ['xstate.error.actor.*', 'wildcard'],
    ['done', 'done'],
  ])
})

test('guards are named: by name, with parameters, joined, or by their own short code', () => {
  function named() {
    return true
  }
  const long = ({ context }: { context: { a: number } }) => {
    if (context.a > 1) return true
    return context.a < -1
  }
  const guards: [unknown, string][] = [
    ['ready', 'ready'],
    [{ type: 'above', params: { limit: 3, of: 'x' } }, 'above(limit: 3, of: x)'],
    [{ type: 'at', params: 'noon' }, 'at(noon)'],
    [{ type: 'at', params: () => 1 }, 'at(…)'],
    [and(['a', not('b'), or(['c', { type: 'd', params: 1 }])] as never), 'and(a, not(b), or(c, d(1)))'],
    [stateIn('b'), 'in(b)'],
    [stateIn({ left: { up: 'on' }, right: 'off' }), 'in(left.up.on, right.off)'],
    [named, 'named'],
    [({ context }: { context: { n: number } }) => context.n > 3, 'context.n > 3'],
    [long, 'long'],
  ]
  for (const [guard, name] of guards) {
    expect(edgesOf({ on: { GO: { guard, target: 'b' } } }).edges[0]?.guard).toBe(name)
  }
  // Written in place, without a name, and too long to be one.
  const inPlace = edgesOf({
    on: {
      GO: {
        guard: (() => (args: unknown) => {
          if (args) return true
          return false
        })(),
        target: 'b',
      },
    },
  })
  expect(inPlace.edges[0]?.guard).toBe('inline')
})

test('actions are named: by name, with parameters, as what XState brings, or by their own short code', () => {
  function beep() {}
  const entry: [unknown, string][] = [
    ['store', 'store'],
    [{ type: 'play', params: { song: 'x' } }, 'play(song: x)'],
    [assign({ count: 1, other: 2 }), 'assign(count, other)'],
    [assign(() => ({ count: 1 })), 'assign'],
    [raise({ type: 'GO' }), 'raise(GO)'],
    [raise({ type: 'GO' }, { delay: 2000 }), 'raise(GO, after 2 s)'],
    [raise(() => ({ type: 'MADE' })), 'raise(MADE)'],
    [sendTo('cart', { type: 'ADD' }), 'sendTo(cart, ADD)'],
    [sendTo(({ context }: { context: { ref: never } }) => context.ref, { type: 'ADD' } as never), 'sendTo(ref, ADD)'],
    [sendParent({ type: 'UP' }), 'sendParent(UP)'],
    [forwardTo('cart'), 'forwardTo(cart)'],
    [emit({ type: 'said' }), 'emit(said)'],
    [log('hello'), 'log(hello)'],
    [cancel('later'), 'cancel(later)'],
    [enqueueActions(() => {}), 'enqueueActions'],
    [spawnChild('worker' as never, { id: 'w1' }), 'spawn(worker as w1)'],
    [stopChild('w1'), 'stop(w1)'],
    [beep, 'beep'],
    [() => console.log(1), 'console.log(1)'],
    [() => {}, 'inline'],
  ]
  const chart = edgesOf({ entry: entry.map(([action]) => action), exit: 'leave' })
  expect(nodeOf(chart, 'm.a').entry).toEqual(entry.map(([, name]) => name))
  expect(nodeOf(chart, 'm.a').exit).toEqual(['leave'])
})

test('a label is never longer than a name may be', () => {
  const [edge] = edgesOf({
    on: { GO: { guard: { type: 'is', params: { text: 'x'.repeat(400) } }, target: 'b' } },
  }).edges
  expect(edge?.guard?.length).toBeLessThan(70)
})

test('spawned actors are found in spawnChild, and in the text of assign, enqueueActions and the context', () => {
  const machine = setup({
    actors: { worker: fromPromise(async () => 1), watcher: fromPromise(async () => 2) },
    actions: {
      hire: assign({ ref: ({ spawn }) => spawn('worker', { id: 'w' }) }),
      hireMany: enqueueActions(({ enqueue }) => enqueue.spawnChild('watcher')),
    },
    types: { context: {} as { ref: unknown } },
  }).createMachine({
    id: 'm',
    context: ({ spawn }) => ({ ref: spawn('watcher') }),
    initial: 'a',
    states: { a: { entry: spawnChild('worker'), on: { HIRE: { actions: ['hire', 'hireMany'] } } } },
  })
  const chart = chartOf(machine)
  expect(chart.root.spawns).toEqual(['watcher'])
  expect(nodeOf(chart, 'm.a').spawns).toEqual(['worker', 'watcher'])
})

test('the transitions that a running machine reports are the edges of its chart', () => {
  const taken: string[] = []
  let ids: ReadonlyMap<object, string> = new Map()
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { on: { GO: [{ guard: () => false, target: 'c' }, { target: 'b' }] } }, b: { always: 'c' }, c: {} },
  })
  const actor = createActor(machine, {
    inspect: (event) => {
      if (event.type !== '@xstate.microstep') return
      for (const transition of event._transitions) taken.push(ids.get(transition) ?? 'unknown')
    },
  })
  ids = edgeIdsOf(actor.logic)
  actor.start()
  taken.length = 0
  actor.send({ type: 'GO' })
  expect(taken).toEqual(['m.a|GO|1', 'm.b||0'])
})

test('every chart has an edge for each transition definition, no two with one id, and survives the wire', () => {
  const machines = [
    lifecycleMachine,
    ...Object.values(twelveMachines),
    ...Array.from({ length: 200 }, (_, seed) => generatedMachine(seed)),
  ]
  for (const machine of machines) {
    const chart = chartOf(machine)
    const ids = chart.edges.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const known = new Set(nodesOf(chart.root).map(({ id }) => id))
    for (const edge of chart.edges) expect([edge.source, ...edge.targets].filter((id) => !known.has(id))).toEqual([])
    const defaults = ids.filter((id) => id.endsWith('|default|0'))
    expect([...edgeIdsOf(machine).values()].toSorted()).toEqual(ids.filter((id) => !defaults.includes(id)).toSorted())
    expect(structuredClone(chart)).toEqual(chart)
    expect(JSON.parse(JSON.stringify(chart))).toEqual(chart)
  }
})

test('the lifecycle of an instance reads as it is written', () => {
  const chart = chartOf(lifecycleMachine)
  expect(chart.root.children.map(({ key }) => key)).toEqual([
    'stopped',
    'starting',
    'running',
    'restarting',
    'failed',
    'quarantined',
    'repairing',
    'rejoined',
    'stopping',
  ])
  expect(edgeOf(chart, 'instance.running|CRASHED|2')).toMatchObject({
    guard: 'restartsLeft',
    targets: ['instance.restarting'],
    actions: ['countFailure'],
  })
  expect(edgeOf(chart, 'instance.stopped|RESUME|0').guard).toBe('resumesAt(failed)')
  expect(chart.edges.find(({ delay }) => delay === 'backoff')).toMatchObject({ event: 'after backoff', kind: 'after' })
})

test('one key for charts that are drawn the same, another for any other', () => {
  const key = (seed: number) => chartKey(chartOf(generatedMachine(seed)))
  expect(key(7)).toBe(key(7))
  expect(key(7)).toMatch(/^[0-9a-f]{16}$/)
  expect(new Set(Array.from({ length: 200 }, (_, seed) => key(seed))).size).toBe(200)
})

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  ['text', 'text'],
  [() => 1, 'a function'],
  [[], 'an array'],
  [{ initial: 'a', states: {} }, 'a configuration that createMachine() has not seen'],
  [{ id: 'm', initialState: {}, states: {} }, 'a machine of XState v4'],
  [createActor(createMachine({})), 'an actor; its machine is wanted'],
])('what is no machine is refused, and said what it is: %#', (value, got) => {
  expect(() => chartOf(value)).toThrowError(
    expect.objectContaining({ code: 'MACHINE_INVALID', message: expect.stringContaining(`Got: ${got}`) }),
  )
})

test('each of the twelve machines runs', () => {
  for (const machine of Object.values(twelveMachines)) {
    const actor = createActor(machine).start()
    expect(actor.getSnapshot().status).toBe('active')
    actor.stop()
  }
})

/** The chart itself, enumerated: without threads, timers or effects. */
import { expect, test } from 'vitest'
import { createActor } from 'xstate'
import { getShortestPaths } from 'xstate/graph'
import { dotted, type LifecycleSnapshot } from '../../src/lifecycle/instance.ts'
import {
  backoffDelay,
  type Effect,
  type LifecycleEvent,
  type LifecycleInput,
  lifecycleMachine,
} from '../../src/lifecycle/machine.ts'
import { ManualClock } from '../../src/testing/index.ts'

const input = (max: number): LifecycleInput => ({
  ...{ kernel: 'k', max, stableMs: 1000, backoffMs: 100, backoffMaxMs: 800, jitter: 0 },
  ...{ maxAttempts: 2, repairTimeoutMs: 60_000, random: () => 0.5 },
})

const events: LifecycleEvent[] = [
  { type: 'START' },
  ...(['start', 'failed', 'waiting', 'parked', 'rejoin'] as const).map((at) => ({ type: 'RESUME' as const, at })),
  { type: 'READY' },
  { type: 'ALIVE' },
  { type: 'CRASHED', permanent: false, known: false },
  { type: 'CRASHED', permanent: true, known: false },
  { type: 'CRASHED', permanent: false, known: true },
  { type: 'CAPTURED' },
  ...(['repair', 'restore', 'park'] as const).map((plan) => ({ type: 'DECIDED' as const, plan })),
  { type: 'REPAIR' },
  { type: 'RESTORE' },
  ...(['PROPOSED', 'REFUSED', 'VERIFIED', 'APPLIED', 'EXHAUSTED', 'REJOIN', 'QUARANTINE', 'PARK'] as const).map(
    (type) => ({ type }),
  ),
  ...(['RESTART', 'STEP_ASIDE', 'STEP_BACK', 'STOP', 'ENDED'] as const).map((type) => ({ type })),
]

/** The delays as events, so that a walk without a clock takes them too. */
const after = [
  'xstate.after.stableMs.instance.running.settling',
  'xstate.after.backoff.instance.restarting.backingOff',
  'xstate.after.stableMs.instance.rejoined.probation',
  'xstate.after.repairTimeoutMs.instance.repairing',
].map((type) => ({ type }) as unknown as LifecycleEvent)

function paths(max: number) {
  return getShortestPaths(lifecycleMachine, {
    input: input(max),
    // One life of a process: what was stopped is started by the next one, from its counters (see resume.test.ts).
    events: (snapshot: { value: unknown; context: { starts: number; attempts: number } }) =>
      snapshot.value === 'stopped' && snapshot.context.starts + snapshot.context.attempts > 0
        ? []
        : [...events, ...after],
    limit: 200_000,
    // Only what the chart decides by.
    serializeState: ({ value, context: { failures, starts, attempts, restored, due } }) =>
      JSON.stringify([value, failures, starts, attempts, restored, due]),
  } as Parameters<typeof getShortestPaths>[1])
}

type Path = ReturnType<typeof paths>[number]
const stateOf = (snapshot: unknown) => dotted((snapshot as LifecycleSnapshot).value)

const every = [
  ...['stopped', 'starting', 'running.settling', 'running.steady', 'restarting.backingOff', 'restarting.booting'],
  'restarting.aside',
  ...['failed.capturing', 'failed.deciding', 'quarantined.waiting', 'quarantined.parked', 'repairing.proposing'],
  ...['repairing.verifying', 'repairing.applying', 'rejoined.booting', 'rejoined.probation', 'stopping'],
]

test('every state can be reached, and no other exists', () => {
  const reached = new Set(paths(3).map(({ state }: Path) => stateOf(state)))
  expect([...reached].sort()).toEqual(every.toSorted())
})

test.each([0, 1, 3])('with max %i no path starts more than 1 + max times without being steady between', (max) => {
  for (const { steps, state } of paths(max)) {
    let starts = 0
    const visited = [...steps.map((step) => stateOf(step.state)), stateOf(state)]
    visited.forEach((name, index) => {
      const before = visited[index - 1]
      const type = steps[index]?.event.type ?? ''
      if (name === 'running.steady') starts = 0
      if (name === 'stopped') starts = 0
      const begins = name === 'starting' || (name === 'restarting.booting' && before === 'restarting.backingOff')
      if (begins && before !== name) starts += 1
      expect(starts, `${visited.join(' ')} ${type}`).toBeLessThanOrEqual(1 + max)
    })
  }
})

test('a crash means something only where a thread runs', () => {
  const withThread = /^(?:starting|running|restarting|rejoined|stopping)/
  for (const { state } of paths(1)) {
    if (withThread.test(stateOf(state))) continue
    expect(
      (state as { can(event: LifecycleEvent): boolean }).can({ type: 'CRASHED', permanent: false, known: false }),
    ).toBe(false)
  }
})

test('whoever is parked, waits or is repaired can be brought to service or stays with a person', () => {
  const walk = createActor(lifecycleMachine, { input: input(0), clock: new ManualClock() }).start()
  for (const event of events.slice(0, 1)) walk.send(event)
  walk.send({ type: 'CRASHED', permanent: false, known: false })
  walk.send({ type: 'CAPTURED' })
  walk.send({ type: 'DECIDED', plan: 'repair' })
  walk.send({ type: 'REPAIR' })
  expect(stateOf(walk.getSnapshot())).toBe('repairing.proposing')
  walk.send({ type: 'PROPOSED' })
  walk.send({ type: 'REFUSED' })
  walk.send({ type: 'EXHAUSTED' })
  expect(stateOf(walk.getSnapshot())).toBe('quarantined.parked')
  walk.send({ type: 'REJOIN' })
  walk.send({ type: 'READY' })
  expect(stateOf(walk.getSnapshot())).toBe('rejoined.probation')
})

test('attempts end: the repair after the last one is the parking', () => {
  const actor = createActor(lifecycleMachine, { input: input(0), clock: new ManualClock() }).start()
  actor.send({ type: 'START' })
  actor.send({ type: 'CRASHED', permanent: false, known: false })
  for (let attempt = 1; attempt <= 2; attempt++) {
    actor.send({ type: 'CAPTURED' })
    actor.send({ type: 'DECIDED', plan: 'repair' })
    actor.send({ type: 'REPAIR' })
    for (const type of ['PROPOSED', 'VERIFIED', 'APPLIED', 'READY'] as const) actor.send({ type })
    expect(stateOf(actor.getSnapshot())).toBe('rejoined.probation')
    actor.send({ type: 'CRASHED', permanent: false, known: false })
  }
  actor.send({ type: 'CAPTURED' })
  actor.send({ type: 'DECIDED', plan: 'repair' })
  actor.send({ type: 'REPAIR' })
  expect(stateOf(actor.getSnapshot())).toBe('quarantined.parked')
})

test('probation ends after stableMs, not a millisecond before; the first crash on it rolls back', () => {
  const clock = new ManualClock()
  const actor = createActor(lifecycleMachine, { input: input(3), clock }).start()
  const effects: Effect['type'][] = []
  actor.on('*', ({ type }) => effects.push(type))
  actor.send({ type: 'RESUME', at: 'rejoin' })
  actor.send({ type: 'READY' })
  clock.advance(999)
  expect(stateOf(actor.getSnapshot())).toBe('rejoined.probation')
  actor.send({ type: 'ALIVE' })
  expect(stateOf(actor.getSnapshot())).toBe('rejoined.probation')
  clock.advance(1)
  // A thread that hangs would not answer.
  expect(stateOf(actor.getSnapshot())).toBe('rejoined.probation')
  actor.send({ type: 'ALIVE' })
  expect(stateOf(actor.getSnapshot())).toBe('running.steady')
  expect(effects).toEqual(['boot', 'probe', 'recovered'])

  const second = createActor(lifecycleMachine, { input: input(3), clock }).start()
  second.on('*', ({ type }) => effects.push(type))
  second.send({ type: 'RESUME', at: 'rejoin' })
  second.send({ type: 'READY' })
  second.send({ type: 'CRASHED', permanent: false, known: false })
  expect(stateOf(second.getSnapshot())).toBe('failed.capturing')
  expect(effects.slice(3)).toEqual(['boot', 'rollBack', 'capture'])
})

test('a failure that a trusted playbook knows does not spend the budget', () => {
  const actor = createActor(lifecycleMachine, { input: input(3), clock: new ManualClock() }).start()
  actor.send({ type: 'START' })
  actor.send({ type: 'READY' })
  actor.send({ type: 'CRASHED', permanent: false, known: true })
  expect(stateOf(actor.getSnapshot())).toBe('failed.capturing')
  expect(actor.getSnapshot().context.starts).toBe(1)
})

test('the backoff doubles from backoffMs to backoffMaxMs and varies by the jitter', () => {
  const delays = [1, 2, 3, 4, 5, 50].map((failures) => backoffDelay({ ...input(9), failures }))
  expect(delays).toEqual([100, 200, 400, 800, 800, 800])
  const jittered = (random: number) => backoffDelay({ ...input(9), failures: 1, jitter: 0.2, random: () => random })
  expect([jittered(0), jittered(0.5), jittered(1)]).toEqual([80, 100, 120])
})

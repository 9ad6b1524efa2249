import { expect, test } from 'vitest'
import { createActor } from 'xstate'
import { isOffered, offers } from '../../src/dashboard/page/commands.ts'
import {
  detour,
  grouped,
  isChosen,
  load,
  megabytes,
  percent,
  rateText,
  servedText,
  sorted,
  standing,
} from '../../src/dashboard/page/fleet/facts.ts'
import { folded, gatherMs } from '../../src/dashboard/page/fleet/repeated.ts'
import { strengthOf } from '../../src/dashboard/page/fleet/strength.ts'
import { rateNow, type Sample, samplesKept, staleMs, withSample } from '../../src/dashboard/page/samples.ts'
import { sparklinePath } from '../../src/dashboard/page/sparkline-path.ts'
import { lifecycleMachine } from '../../src/lifecycle/machine.ts'
import { commandNames } from '../../src/supervisor/commands.ts'
import type { KernelStatus } from '../../src/supervisor/status.ts'

function status(id: string, part: Partial<KernelStatus> = {}): KernelStatus {
  return {
    ...{ id, tier: 3, state: 'running.steady', servedBy: 'instance', epoch: 1, failures: 0, restartsLeft: 3 },
    standbys: { ready: 0, of: 0 },
    budget: { failures: 0, starts: 1, max: 3, attempts: 0, maxAttempts: 3 },
    ...{ stateSince: 0, timers: [], uptimeMs: 1000, heapMb: 10, externalMb: 1, cpu: 0, elu: 0, mailbox: 0, handled: 0 },
    starts: { first: 1, restart: 0, command: 0, rejoin: 0, bystander: 0 },
    ...part,
  } as KernelStatus
}

test('what becomes of the messages is said for each way of degrading', () => {
  const said = (servedBy: KernelStatus['servedBy'], part: Partial<KernelStatus> = {}) =>
    detour(status('a', { servedBy, ...part }))
  expect(said('instance')).toBeUndefined()
  expect(said('nobody')).toBeUndefined()
  expect(said('standby')).toBe('its standby serves')
  expect(said('fallback')).toBe('its fallback serves')
  expect(said('reroute', { reroutedTo: 'other' })).toBe('goes to other')
  expect(said('buffer')).toBe('messages wait')
  expect(said('buffer', { mailbox: 1 })).toBe('1 message waits')
  expect(said('buffer', { mailbox: 2 })).toBe('2 messages wait')
  expect(said('reject')).toBe('messages refused')
  expect(servedText(status('a', { servedBy: 'reroute', reroutedTo: 'other' }))).toBe('other')
  expect(servedText(status('a', { servedBy: 'nobody' }))).toBe('nobody')
})

test('load is the busiest of cpu, event loop and messages, and never more than whole', () => {
  expect(load({ cpu: 0, elu: 0 }, 0)).toBe(0)
  expect(load({ cpu: 0.2, elu: 0.7 }, 0)).toBe(0.7)
  expect(load({ cpu: 0, elu: 0 }, 99)).toBeCloseTo(0.5)
  expect(load({ cpu: 1.4, elu: 1 }, 1e9)).toBe(1)
})

test('numbers are short', () => {
  expect([0, 0.04, 3.21, 10, 9999, 10_000].map(rateText)).toEqual([
    '0/s',
    '<0.1/s',
    '3.2/s',
    '10/s',
    '9999/s',
    '10.0k/s',
  ])
  expect([0, 0.004, 0.04, 0.123, 1].map(percent)).toEqual(['0 %', '0.4 %', '4 %', '12 %', '100 %'])
  expect([0, 9.94, 10.4, 1023, 1536].map(megabytes)).toEqual(['0 MB', '9.9 MB', '10 MB', '1023 MB', '1.5 GB'])
})

test('the summary counts each incident once, and those that others stand in for', () => {
  const all = [
    status('a'),
    status('b', { servedBy: 'standby', incident: 'inc_1' }),
    status('c', { servedBy: 'reject', incident: 'inc_1' }),
    status('d', { servedBy: 'reroute', incident: 'inc_2' }),
  ]
  expect(standing(all)).toEqual({ kernels: 4, inService: 1, detoured: 2, incidents: ['inc_1', 'inc_2'] })
})

test('the filter goes by name and by state', () => {
  const parked = status('mail_out', { state: 'quarantined.parked', incident: 'inc_1' })
  expect(isChosen(parked, ' MAIL ', 'all')).toBe(true)
  expect(isChosen(parked, 'male', 'all')).toBe(false)
  expect(isChosen(parked, '', 'quarantined')).toBe(true)
  expect(isChosen(parked, '', 'running')).toBe(false)
  expect(isChosen(parked, '', 'trouble')).toBe(true)
  expect(isChosen(parked, '', 'incident')).toBe(true)
  expect(isChosen(status('a'), '', 'trouble')).toBe(false)
  expect(isChosen(status('a', { findings: ['config differs'] }), '', 'trouble')).toBe(true)
})

test('groups by state begin with what needs a look, groups by tier with the first', () => {
  const all = [
    status('a', { tier: 5 }),
    status('b', { state: 'repairing.proposing', tier: 1 }),
    status('c', { state: 'failed.capturing', tier: 5 }),
  ]
  expect(grouped(all, 'state').map(({ name, ids }) => `${name}: ${ids}`)).toEqual([
    'failed: c',
    'repairing: b',
    'running: a',
  ])
  expect(grouped(all, 'tier').map(({ name, ids }) => `${name}: ${ids}`)).toEqual(['Tier 1: b', 'Tier 5: a,c'])
  expect(grouped(all, 'none')).toEqual([{ name: '', ids: ['a', 'b', 'c'] }])
})

test('the table sorts numbers as numbers, trouble before order, and leaves equals as they came', () => {
  const rates: Record<string, number> = { a: 9, b: 10, c: 10 }
  const all = [status('a'), status('b', { state: 'quarantined.parked' }), status('c')]
  const ids = (by: Parameters<typeof sorted>[1]) => sorted(all, by, (id) => rates[id] ?? 0).map(({ id }) => id)
  expect(ids({ by: 'rate', isDown: true })).toEqual(['b', 'c', 'a'])
  expect(ids({ by: 'state', isDown: false })).toEqual(['b', 'a', 'c'])
  expect(ids({ by: 'id', isDown: true })).toEqual(['c', 'b', 'a'])
  expect(ids({ by: 'tier', isDown: false })).toEqual(['a', 'b', 'c'])
})

test('a command is offered in the states in which the chart listens to it, and in no other', () => {
  expect(offers.map(({ name }) => name).sort()).toEqual([...commandNames].sort())
  const input = {
    ...{ kernel: 'a', max: 3, stableMs: 1, backoffMs: 1, backoffMaxMs: 1, jitter: 0, maxAttempts: 3 },
    ...{ repairTimeoutMs: 1, random: () => 0 },
  }
  const { context } = createActor(lifecycleMachine, { input }).getSnapshot()
  const events = {
    restart: 'RESTART',
    repair: 'REPAIR',
    rejoin: 'REJOIN',
    park: 'PARK',
    quarantine: 'QUARANTINE',
  } as const
  const states = Object.values(lifecycleMachine.states).flatMap((state) => {
    const children = Object.keys(state.states)
    return children.length === 0 ? [state.key] : children.map((child) => `${state.key}.${child}`)
  })
  expect(states.length).toBeGreaterThan(12)
  for (const state of states) {
    const [first = '', second] = state.split('.')
    const value = (second === undefined ? first : { [first]: second }) as Parameters<
      typeof lifecycleMachine.resolveState
    >[0]['value']
    const snapshot = lifecycleMachine.resolveState({ value, context })
    for (const offer of offers) {
      const event =
        offer.name === 'repair' ? ({ type: 'REPAIR', byPerson: true } as const) : { type: events[offer.name] }
      expect(isOffered(offer, state), `${offer.name} in ${state}`).toBe(snapshot.can(event as never))
    }
  }
})

const at = (atMs: number, handled: number) => ({ ...status('a'), handled, atMs })

test('messages a second are counted from sample to sample', () => {
  let samples: readonly Sample[] = []
  for (const { atMs, ...measured } of [at(1000, 5), at(2000, 15), at(4000, 16)])
    samples = withSample(samples, measured, atMs)
  expect(samples.map(({ rate }) => rate)).toEqual([0, 10, 0.5])
  expect(rateNow(samples, 4000 + staleMs)).toBe(0.5)
  expect(rateNow(samples, 4001 + staleMs)).toBe(0)
  expect(rateNow([], 0)).toBe(0)
})

test('within a second the newer sample takes the place of the older, and none of its messages is lost', () => {
  let samples: readonly Sample[] = []
  for (const { atMs, ...measured } of [at(1000, 0), at(2000, 10), at(2100, 11), at(2900, 28), at(3000, 30)])
    samples = withSample(samples, measured, atMs)
  // 2100 and 2900 lie within a second of the sample at 2000.
  expect(samples.map((sample) => sample.at)).toEqual([1000, 2000, 2900, 3000])
  expect(samples[2]?.rate).toBeCloseTo(20)
  expect(samples.at(-1)).toMatchObject({ at: 3000, handled: 30 })
})

test('a runtime that begins anew at zero is no rate below zero, and samples are bounded', () => {
  expect(withSample(withSample([], status('a', { handled: 50 }), 1000), status('a'), 2000).at(-1)?.rate).toBe(0)
  let samples: readonly Sample[] = []
  for (let second = 0; second <= samplesKept; second += 1) samples = withSample(samples, status('a'), second * 1000)
  expect(samples).toHaveLength(samplesKept)
  expect(samples[0]?.at).toBe(1000)
})

test('a small line spans the last minute, from edge to edge, and a higher value raises its top', () => {
  let samples: readonly Sample[] = []
  for (let second = 0; second <= 120; second += 1)
    samples = withSample(samples, status('a', { cpu: second / 120 }), second * 1000)
  const path = sparklinePath(samples, 'cpu', { top: 0.1, width: 60, height: 10 })
  expect(path).toMatch(/^M0 /)
  expect(path).toMatch(/L60 1$/)
  expect(path.split('L')).toHaveLength(62)
  expect(sparklinePath([], 'cpu', { top: 1, width: 60, height: 10 })).toBe('M0 9H60')
  expect(sparklinePath(samples.slice(0, 1), 'cpu', { top: 1, width: 60, height: 10 })).toBe('M0 9H60')
})

test('a line is as strong as its messages a second, in steps of ten', () => {
  expect([0, 0.2, 1, 1.1, 10, 11, 100, 101, 1e6].map(strengthOf)).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4])
})

test('what repeats itself is one line with how often, and what differs stays', () => {
  const line = (kernel: string, text: string) => ({ at: 0, kernel, word: 'crashed', text, times: 1 })
  const lines = folded([line('a', 'x'), line('a', 'x'), line('b', 'x'), line('a', 'x')])
  expect(lines.map(({ kernel, times }) => [kernel, times])).toEqual([
    ['a', 2],
    ['b', 1],
    ['a', 1],
  ])
})

test('dead letters gather where the first of them stands, for as long as a line may gather', () => {
  const letter = (at: number) => ({ at, kernel: 'a', word: 'dead letter', text: 'x', times: 1, gathers: true })
  const crash = { at: 500, kernel: 'a', word: 'crashed', text: 'y', times: 1 }
  const lines = folded([letter(gatherMs), letter(gatherMs - 1), crash, letter(0)])
  expect(lines.map(({ word, at, times }) => [word, at, times])).toEqual([
    ['dead letter', gatherMs, 1],
    ['crashed', 500, 1],
    ['dead letter', 0, 2],
  ])
})

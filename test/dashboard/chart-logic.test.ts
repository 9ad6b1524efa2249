import { expect, test } from 'vitest'
import type { LazaretEvent } from '../../src/base/events.ts'
import { ChartMap } from '../../src/dashboard/page/chart/chart-map.ts'
import { countdownsOf, leftMs, leftText, nextTickMs, shareLeft } from '../../src/dashboard/page/chart/countdown.ts'
import { restartsLeft, verdictOn } from '../../src/dashboard/page/chart/guards.ts'
import { beginsProcess, merged, stepOf, stepsKept, stepText } from '../../src/dashboard/page/chart/history.ts'
import { stepAt, stripOf } from '../../src/dashboard/page/chart/strip.ts'
import { heatOf, trailsOf, warmMoves } from '../../src/dashboard/page/chart/trace.ts'
import { fitScale, scaleReadable, scrollAfter, scrollToShow } from '../../src/dashboard/page/chart/zoom.ts'
import { lampChart, step } from './lights.ts'

const map = new ChartMap(lampChart)

test('a dotted state lights its node and all that contain it', () => {
  expect(map.nodesOf('on.dim')).toEqual(['lamp.on.dim'])
  expect([...map.withAncestors(map.nodesOf('on.dim'))]).toEqual(['lamp.on.dim', 'lamp.on', 'lamp'])
})

test('of a state that the chart does not have, what is known of its path is lit', () => {
  expect(map.nodesOf('on.blinking')).toEqual(['lamp.on'])
  expect(map.nodesOf('broken')).toEqual([])
})

test('the leaves of what is active are the nodes that contain none of the others', () => {
  expect(map.leavesOf(new Set(['lamp', 'lamp.on', 'lamp.on.dim']))).toEqual(['lamp.on.dim'])
})

test('what can happen is told innermost first, each once', () => {
  expect(map.possible(['lamp.on.dim', 'lamp.on']).map(({ id }) => id)).toEqual([
    'lamp.on.dim|after warmUp|0',
    'lamp.on|SWITCH|0',
    'lamp.on|after autoOff|0',
  ])
})

test('a timer is drawn at the active node whose delay it is', () => {
  const timers = [
    { delay: 'warmUp', ms: 500, endsAt: 1500 },
    { delay: 'autoOff', ms: 9000, endsAt: 10_000 },
    { delay: 'unknown', ms: 1, endsAt: 2 },
  ]
  expect(countdownsOf(map, ['lamp.on.dim'], timers).map(({ delay, node }) => [delay, node])).toEqual([
    ['warmUp', 'lamp.on.dim'],
    ['autoOff', 'lamp.on'],
  ])
  expect(countdownsOf(map, ['lamp.off'], timers)).toEqual([])
})

test('what is left of a timer ends at nothing', () => {
  const timer = { delay: 'd', ms: 1000, endsAt: 5000 }
  expect([leftMs(timer, 4000), leftMs(timer, 5000), leftMs(timer, 5001)]).toEqual([1000, 0, 0])
  expect([shareLeft(timer, 4000), shareLeft(timer, 4500), shareLeft(timer, 6000)]).toEqual([1, 0.5, 0])
  expect(shareLeft({ ...timer, ms: 0 }, 4000)).toBe(0)
})

test('tenths of a second are told where they can be followed', () => {
  expect([0, 40, 9_999, 10_000, 59_999, 60_000, 185_000].map(leftText)).toEqual([
    ...['0.0 s', '0.1 s', '10.0 s', '10 s', '60 s', '1 min 0 s', '3 min 5 s'],
  ])
})

test('the screen is drawn anew every frame for a short delay, once a second for a long one, never for none', () => {
  const timer = (endsAt: number) => ({ delay: 'd', ms: 1, endsAt })
  expect(nextTickMs([timer(30_000), timer(99_000)], 0)).toBe('frame')
  expect(nextTickMs([timer(30_001)], 0)).toBe(1000)
  expect(nextTickMs([timer(10)], 10)).toBeUndefined()
  expect(nextTickMs([], 0)).toBeUndefined()
})

test('an edge cools with each move that does not take it, and its count stays', () => {
  const trails = trailsOf([{ edges: ['a', 'b'] }, { edges: ['a'] }, { edges: ['c'] }])
  expect(trails.get('a')).toEqual({ count: 2, age: 1 })
  expect(trails.get('b')).toEqual({ count: 1, age: 2 })
  expect(trails.get('c')).toEqual({ count: 1, age: 0 })
  const heats = Array.from({ length: warmMoves + 2 }, (_, age) => heatOf({ count: 1, age }))
  expect(heats[0]).toBe(1)
  expect([...heats].sort((x, y) => y - x)).toEqual(heats)
  expect(heats[warmMoves]).toBe(heats[warmMoves + 1])
})

test('at a place in the past only what came before is traced', () => {
  expect([...trailsOf([{ edges: ['a'] }, { edges: ['b'] }], 1).keys()]).toEqual(['a'])
})

test('journal and stream make one row, each step once', () => {
  const known = [step(1, 'off', 'on.dim'), step(3, 'on.dim', 'on.bright')]
  const more = [step(3, 'on.dim', 'on.bright'), step(2, 'on.dim', 'on.dim'), step(4, 'on.bright', 'off')]
  expect(merged(known, more).map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  expect(merged(known, [])).toBe(known)
})

test('as many steps as are kept stay, of one more the oldest goes; where older ones were asked for, the newest', () => {
  const full = Array.from({ length: stepsKept }, (_, seq) => step(seq + 1, 'off', 'on.dim'))
  expect(merged([], full)).toHaveLength(stepsKept)
  expect(merged(full, [step(stepsKept + 1, 'off', 'off')])[0]?.seq).toBe(2)
  expect(merged(full, [step(0, 'off', 'off')], false).at(-1)?.seq).toBe(stepsKept - 1)
})

test('an event becomes a step; one that is no move does not', () => {
  const event: LazaretEvent = {
    ...{ type: 'kernel.transitioned', kernel: 'k', at: 5, seq: 7 },
    ...{ from: 'off', to: 'on.dim', on: 'SWITCH', edges: ['e'], failures: 1, starts: 2, attempts: 3, timers: [] },
  }
  expect(stepOf(event)).toEqual({
    ...{ seq: 7, at: 5, from: 'off', to: 'on.dim', on: 'SWITCH', edges: ['e'] },
    ...{ failures: 1, starts: 2, attempts: 3, timers: [] },
  })
  expect(stepOf({ ...event, type: 'kernel.crashed' })).toBeUndefined()
  expect(stepOf({ type: 'kernel.transitioned', at: 5, seq: 7 })).toBeUndefined()
})

test('a process begins where a step starts from stopped', () => {
  const running = step(1, 'starting', 'running.settling')
  expect(beginsProcess(step(2, 'stopped', 'starting', { on: 'RESUME' }), running)).toBe(true)
  expect(beginsProcess(step(2, 'running.settling', 'running.steady'), running)).toBe(false)
})

test('a step is told with its cause, and one that stays says so', () => {
  expect(stepText(step(1, 'a', 'b', { on: 'CRASHED' }))).toBe('CRASHED: a → b')
  expect(stepText(step(1, 'a', 'a', { on: '' }))).toBe('always: stays in a')
})

test('the strip shows how long a state was and where it crashed', () => {
  const steps = [
    step(0, 'stopped', 'running.steady', { on: 'START' }),
    step(6, 'running.steady', 'restarting.backingOff', { on: 'CRASHED' }),
    step(8, 'restarting.backingOff', 'running.settling', { on: 'READY' }),
  ]
  const { stretches, marks } = stripOf(steps, 0, 10_000)
  expect(stretches.map(({ x, width, tone }) => [x, width, tone])).toEqual([
    ...[[0, 600, 'good'] as const, [600, 200, 'watch'] as const, [800, 200, 'good'] as const],
  ])
  expect(marks).toEqual([{ x: 600, kind: 'crash' }])
})

test('a thousand steps within a moment are one stretch of the strip', () => {
  const steps = Array.from({ length: 1000 }, (_, index) =>
    step(index, 'a', index % 2 === 0 ? 'failed.deciding' : 'running.steady', { at: 1000 + index / 1000 }),
  )
  const { stretches } = stripOf([step(-1, 'a', 'running.steady', { at: 0 }), ...steps], 0, 100_000)
  expect(stretches.length).toBeLessThan(5)
})

test('the step in force at a time is the last one before it', () => {
  const steps = [step(1, 'a', 'b'), step(3, 'b', 'c')]
  expect([500, 1000, 2999, 3000, 9000].map((at) => stepAt(steps, at))).toEqual([-1, 0, 0, 1, 1])
})

test('the restart budget holds up to its last start and crash, and not one past it', () => {
  const budget = { failures: 2, starts: 3, max: 3, attempts: 2, maxAttempts: 3 }
  expect(verdictOn('restartsLeft', budget)?.holds).toBe(true)
  expect(verdictOn('restartsLeft', { ...budget, failures: 3 })?.holds).toBe(false)
  expect(verdictOn('restartsLeft', { ...budget, starts: 4 })?.holds).toBe(false)
  expect(verdictOn('attemptsLeft', budget)?.holds).toBe(true)
  expect(verdictOn('attemptsLeft', { ...budget, attempts: 3 })?.holds).toBe(false)
  expect(verdictOn('isDue', budget)).toBeUndefined()
  expect(restartsLeft({ ...budget, failures: 0, starts: 0 })).toBe(3)
  expect(restartsLeft(budget)).toBe(1)
  expect(restartsLeft({ ...budget, failures: 9 })).toBe(0)
})

test('a chart fits the width, but never so small that it cannot be read', () => {
  expect(fitScale(1000, 900)).toBeCloseTo(0.9)
  expect(fitScale(1000, 300)).toBe(scaleReadable)
  expect(fitScale(0, 300)).toBe(1)
})

test('what is under the pointer stays there while one zooms', () => {
  const after = scrollAfter(100, 50, 1, 2)
  expect((after + 50) / 2).toBe(150)
})

test('a state that is out of sight is scrolled to its middle, one in sight stays', () => {
  expect(scrollToShow(0, 400, 50, 100)).toBe(0)
  expect(scrollToShow(0, 400, 900, 1000)).toBe(750)
})

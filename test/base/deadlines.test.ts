import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DeadlineEntry, DeadlineQueue } from '../../src/base/deadlines.ts'
import { limits } from '../../src/base/limits.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

function queueOf() {
  const clock = new ManualClock()
  const queue = new DeadlineQueue(clock)
  const expired: number[] = []
  const add = (deadlineAt: number): DeadlineEntry => {
    const entry: DeadlineEntry = {
      deadlineAt,
      settled: false,
      expire() {
        entry.settled = true
        expired.push(deadlineAt)
      },
    }
    queue.add(entry)
    return entry
  }
  return { clock, queue, expired, add }
}

test('an entry expires at its deadline, not a millisecond before, and once', () => {
  const { clock, expired, add } = queueOf()
  add(100)
  clock.advance(99)
  expect(expired).toEqual([])
  clock.advance(1)
  expect(expired).toEqual([100])
  clock.advance(1000)
  expect(expired).toEqual([100])
})

test('one timer serves all, and none is left when all have expired', () => {
  const { clock, expired, add } = queueOf()
  for (const at of [300, 100, 200]) add(at)
  expect(clock.pending()).toBe(1)
  clock.advance(250)
  expect(expired).toEqual([100, 200])
  expect(clock.pending()).toBe(1)
  clock.advance(50)
  expect(expired).toEqual([100, 200, 300])
  expect(clock.pending()).toBe(0)
})

test('an earlier deadline moves the timer, a later one leaves it', () => {
  const { clock, add } = queueOf()
  add(100)
  add(200)
  expect(clock.armed()).toBe(1)
  add(50)
  expect(clock.armed()).toBe(2)
  expect(clock.pending()).toBe(1)
})

test('a deadline that has passed expires on the next turn, never inside add', () => {
  const { clock, expired, add } = queueOf()
  clock.advance(500)
  add(100)
  expect(expired).toEqual([])
  clock.advance(0)
  expect(expired).toEqual([100])
})

test('an entry that was settled in time does not expire', () => {
  const { clock, queue, expired, add } = queueOf()
  const first = add(100)
  add(200)
  first.settled = true
  queue.noteSettled()
  clock.advance(1000)
  expect(expired).toEqual([200])
})

test('an entry added or settled while another expires is heeded', () => {
  const { clock, queue, expired, add } = queueOf()
  const settledLater = add(100)
  queue.add({
    deadlineAt: 50,
    settled: false,
    expire() {
      settledLater.settled = true
      queue.noteSettled()
      add(60)
    },
  })
  clock.advance(1000)
  expect(expired).toEqual([60])
  expect(clock.pending()).toBe(0)
})

test('a deadline beyond what a timer can take is waited for in parts, without a busy loop', () => {
  const { clock, expired, add } = queueOf()
  add(3 * limits.timerMs)
  add(Number.POSITIVE_INFINITY)
  clock.advance(3 * limits.timerMs - 1)
  expect(expired).toEqual([])
  expect(Math.max(...clock.delays)).toBe(limits.timerMs)
  expect(clock.armed()).toBeLessThan(5)
  clock.advance(1)
  expect(expired).toEqual([3 * limits.timerMs])
})

test('clear forgets all, also while one expires, and the queue can be used again', () => {
  const { clock, queue, expired, add } = queueOf()
  add(100)
  queue.clear()
  expect(clock.pending()).toBe(0)
  queue.add({ deadlineAt: 10, settled: false, expire: () => queue.clear() })
  add(20)
  clock.advance(100)
  expect(expired).toEqual([])
  add(150)
  clock.advance(50)
  expect(expired).toEqual([150])
})

test('thousands that are settled early are dropped, and the rest still expire in order', () => {
  const { clock, queue, expired, add } = queueOf()
  const entries = Array.from({ length: 5000 }, (_, index) => add(5000 - index))
  for (const entry of entries.filter((each) => each.deadlineAt % 10 !== 0)) {
    entry.settled = true
    queue.noteSettled()
  }
  clock.advance(10_000)
  expect(expired).toEqual(Array.from({ length: 500 }, (_, index) => (index + 1) * 10))
})

test('whatever the order of deadlines, each expires once, in time and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(500), fc.boolean())), (wanted) => {
      const { clock, queue, expired, add } = queueOf()
      const kept: number[] = []
      for (const [at, settle] of wanted) {
        const entry = add(at)
        if (!settle) kept.push(at)
        else {
          entry.settled = true
          queue.noteSettled()
        }
      }
      clock.advance(250)
      expect(expired).toEqual(kept.filter((at) => at <= 250).sort((a, b) => a - b))
      clock.advance(250)
      expect(expired).toEqual(kept.sort((a, b) => a - b))
      expect(clock.pending()).toBe(0)
    }),
  )
})

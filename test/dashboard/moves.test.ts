import fc from 'fast-check'
import { expect, test } from 'vitest'
import { briefestMs, calmMs, type Move, MoveQueue, maxLagMs } from '../../src/dashboard/page/chart/moves.ts'

const move = (key: number): Move => ({ key, at: key, edges: [], active: [] })

test('a single move takes its calm time', () => {
  const queue = new MoveQueue()
  queue.push(move(1), 0)
  expect(queue.take(0)).toEqual({ skipped: [], move: move(1), durationMs: calmMs })
  expect(queue.take(0)).toBeUndefined()
})

test('three at once share the time that the picture may be behind', () => {
  const queue = new MoveQueue()
  for (const key of [1, 2, 3]) queue.push(move(key), 0)
  expect(queue.take(0)?.durationMs).toBeCloseTo(maxLagMs / 3)
  expect(queue.take(maxLagMs / 3)?.durationMs).toBeCloseTo(maxLagMs / 3)
  expect(queue.take((2 * maxLagMs) / 3)?.durationMs).toBeCloseTo(maxLagMs / 3)
})

test('of as many as can be seen in time each is shown, of one more the first is skipped', () => {
  const most = Math.floor(maxLagMs / briefestMs)
  const fits = new MoveQueue()
  for (let key = 0; key < most; key += 1) fits.push(move(key), 0)
  expect(fits.take(0)?.skipped).toEqual([])
  const tooMany = new MoveQueue()
  for (let key = 0; key <= most; key += 1) tooMany.push(move(key), 0)
  const due = tooMany.take(0)
  expect(due?.skipped.map(({ key }) => key)).toEqual([0])
  expect(due?.move.key).toBe(1)
})

test('after a long silence, as in a hidden tab, the last one is shown and the others are skipped', () => {
  const queue = new MoveQueue()
  for (const key of [1, 2, 3]) queue.push(move(key), 0)
  const due = queue.take(60_000)
  expect(due).toEqual({ skipped: [move(1), move(2)], move: move(3), durationMs: briefestMs })
})

test('whatever comes when, each move is told of once, in order, and begun no later than it may be', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }), (gaps) => {
      const queue = new MoveQueue()
      let now = 0
      let busyUntil = 0
      const told: number[] = []
      const showUntil = (until: number) => {
        while (busyUntil <= until) {
          const due = queue.take(busyUntil)
          if (due === undefined) break
          told.push(...due.skipped.map(({ key }) => key), due.move.key)
          expect(busyUntil - due.move.at).toBeLessThanOrEqual(maxLagMs)
          busyUntil += due.durationMs
        }
      }
      gaps.forEach((gap, key) => {
        showUntil(now + gap)
        now += gap
        busyUntil = Math.max(busyUntil, now)
        queue.push({ key, at: now, edges: [], active: [] }, now)
      })
      showUntil(Number.POSITIVE_INFINITY)
      expect(told).toEqual(gaps.map((_, key) => key))
    }),
  )
})

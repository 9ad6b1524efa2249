import { expect, test } from 'vitest'
import { calmMs, type Move, maxLagMs } from '../../src/dashboard/page/chart/moves.ts'
import { Player } from '../../src/dashboard/page/chart/player.ts'
import { HandClock } from './lights.ts'

const row = (count: number): Move[] =>
  Array.from({ length: count }, (_, index) => ({ key: index + 1, at: index * 1000, edges: [`e${index}`], active: [] }))

function loaded(count: number): { player: Player; clock: HandClock } {
  const clock = new HandClock()
  const player = new Player(clock)
  player.load(row(count))
  return { player, clock }
}

test('what is loaded is shown at its end, without showing how it came about', () => {
  const { player } = loaded(3)
  expect(player.shown.value?.key).toBe(3)
  expect(player.transit.value).toBeUndefined()
})

test('a live move lights its edges first and its target when it has arrived', () => {
  const { player, clock } = loaded(3)
  const moves = row(4)
  player.add(moves, moves.slice(3))
  expect(player.transit.value?.move.key).toBe(4)
  expect(player.shown.value?.key).toBe(3)
  clock.pass(calmMs)
  expect(player.transit.value).toBeUndefined()
  expect(player.shown.value?.key).toBe(4)
})

test('a burst is over within the time that the picture may be behind', () => {
  const { player, clock } = loaded(1)
  const moves = row(100)
  player.add(moves, moves.slice(1))
  clock.pass(maxLagMs)
  expect(player.shown.value?.key).toBe(100)
  expect(clock.waiting).toBe(0)
})

test('while one looks at the past, what happens is kept and not shown', () => {
  const { player, clock } = loaded(3)
  player.goTo(0)
  const moves = row(4)
  player.add(moves, moves.slice(3))
  clock.pass(5000)
  expect(player.shown.value?.key).toBe(1)
  player.live()
  expect(player.shown.value?.key).toBe(4)
})

test('a step forward is shown as a move, one past the end is live again', () => {
  const { player, clock } = loaded(2)
  player.goTo(0)
  player.forward()
  expect(player.transit.value?.move.key).toBe(2)
  clock.pass(calmMs)
  expect(player.shown.value?.key).toBe(2)
  expect(player.isLive.value).toBe(false)
  player.forward()
  expect(player.isLive.value).toBe(true)
})

test('a step back from live goes to the one before; before the first there is none', () => {
  const { player } = loaded(2)
  player.back()
  expect(player.shown.value?.key).toBe(1)
  player.back()
  expect(player.shown.value?.key).toBe(1)
})

test('played, the past goes by from its beginning and ends live', () => {
  const { player, clock } = loaded(4)
  player.play()
  expect(player.isPlaying.value).toBe(true)
  const seen = new Set<number>()
  for (let tick = 0; tick < 200 && !player.isLive.value; tick += 1) {
    seen.add(player.shown.value?.key ?? 0)
    clock.pass(50)
    seen.add(player.shown.value?.key ?? 0)
  }
  expect([...seen]).toEqual([1, 2, 3, 4])
  expect(player.isLive.value).toBe(true)
  expect(clock.waiting).toBe(0)
})

test('a pause stops it where it is', () => {
  const { player, clock } = loaded(4)
  player.play()
  clock.pass(calmMs)
  player.pause()
  const at = player.shown.value?.key
  clock.pass(60_000)
  expect(player.shown.value?.key).toBe(at)
  expect(clock.waiting).toBe(0)
})

test('older moves that are loaded before it leave the place where one looks', () => {
  const { player } = loaded(3)
  player.goTo(1)
  const older = [{ key: 0, at: -1, edges: [], active: [] }, ...row(3)]
  player.load(older)
  expect(player.shown.value?.key).toBe(2)
  expect(player.index.value).toBe(2)
})

import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { chartOf } from '../../src/chart/from-machine.ts'
import { type Walk, walkOf, walkSource } from '../../src/chart/walk.ts'
import { mediaPlayer } from '../viz/machines/media-player.ts'
import { textEditor } from '../viz/machines/text-editor.ts'

/** Takes the first edge that is open and begins so. */
function go(walk: Walk, ...edges: string[]): void {
  for (const begin of edges) {
    const id = walk.open().find((open) => open.startsWith(begin))
    if (id === undefined) throw new Error(`Not open: ${begin}. Open:\n${walk.open().join('\n')}`)
    expect(walk.take(id)).toBe(true)
  }
}

const machineOf = (config: unknown) => walkOf(chartOf(createMachine(config as never)))

test('it begins where the machine begins, every region entered', () => {
  expect(walkOf(chartOf(mediaPlayer)).active()).toEqual(['player', 'player.off'])
  const regions = walkOf(chartOf(textEditor)).active()
  expect(regions).toContain('editor.bold.off')
  expect(regions).toContain('editor.document.saved')
  expect(regions).toHaveLength(11)
})

test('an edge is open where its source is active, the innermost first, and no other can be taken', () => {
  const walk = walkOf(chartOf(mediaPlayer))
  expect(walk.take('player.on|POWER|0')).toBe(false)
  expect(walk.take('no such edge')).toBe(false)
  go(walk, 'player.off|POWER')
  expect(walk.active()).toEqual(['player', 'player.on', 'player.on.stopped'])
  expect(walk.open()).toEqual(['player.on.stopped|PLAY|0', 'player.on|POWER|0', 'player.on|AD_BREAK|0'])
})

test('deep history brings back all that was left, shallow history only its own level, and each its default at first', () => {
  const walk = walkOf(chartOf(mediaPlayer))
  go(walk, 'player.off|RESET')
  expect(walk.active()).toContain('player.on.paused')
  go(walk, 'player.on.paused|PLAY', 'player.on.playing.inOrder|SHUFFLE', 'player.on|POWER', 'player.off|WAKE')
  expect(walk.active()).toContain('player.on.playing.shuffled')
  go(walk, 'player.on|POWER', 'player.off|RESET')
  expect(walk.active()).toContain('player.on.playing.inOrder')
})

test('several targets are entered together, and what only acts moves nothing', () => {
  const walk = walkOf(chartOf(textEditor))
  go(walk, 'editor.bold.off|', 'editor.list.none|LIST_NUMBERS')
  expect(walk.active()).toContain('editor.list.numbers')
  go(walk, 'editor|RESET_ALL')
  expect(walk.active()).toContain('editor.list.none')
  expect(walk.active()).toContain('editor.bold.off')
  const still = machineOf({ id: 'm', initial: 'a', states: { a: { on: { X: { actions: 'act' } } } } })
  go(still, 'm.a|X')
  expect(still.active()).toEqual(['m', 'm.a'])
  expect(still.path()).toEqual(['m.a|X|0'])
})

test('a transition into its own state keeps it, unless the state is entered again', () => {
  const states = { one: { initial: 'x', states: { x: { on: { NEXT: 'y' } }, y: {} } } }
  const on = { SAME: { target: '.one' }, AGAIN: { target: '.one', reenter: true } }
  const walk = machineOf({ id: 'm', initial: 'one', states: { one: { ...states.one, on: { INNER: '.y' } } }, on })
  go(walk, 'm.one|INNER')
  expect(walk.active()).toContain('m.one.y')
  go(walk, 'm|AGAIN')
  expect(walk.active()).toContain('m.one.x')
})

test('a state is done only when its end is reached, and after the last end nothing is open', () => {
  const walk = machineOf({
    id: 'm',
    initial: 'a',
    states: {
      a: { initial: 'x', states: { x: { on: { GO: 'y' } }, y: { type: 'final' } }, onDone: 'end' },
      end: { type: 'final' },
    },
  })
  expect(walk.open()).toEqual(['m.a.x|GO|0'])
  go(walk, 'm.a.x|GO')
  expect(walk.open()).toEqual(['m.a|xstate.done.state.m.a|0'])
  go(walk, 'm.a|')
  expect(walk.active()).toEqual(['m', 'm.end'])
  expect(walk.open()).toEqual([])
})

test('one step back is where it was before, history included, and before the start there is nothing', () => {
  const walk = walkOf(chartOf(mediaPlayer))
  expect(walk.back()).toBe(false)
  go(walk, 'player.off|POWER', 'player.on.stopped|PLAY', 'player.on|POWER')
  expect(walk.back()).toBe(true)
  expect(walk.active()).toContain('player.on.playing.inOrder')
  expect(walk.path()).toEqual(['player.off|POWER|0', 'player.on.stopped|PLAY|0'])
})

test('its text alone walks the same way, as it does in the HTML export', () => {
  const chart = chartOf(mediaPlayer)
  const found = runInNewContext(
    `${walkSource()}
    const walk = walkOf(JSON.parse(text))
    walk.take('player.off|POWER|0')
    walk.take('player.on.stopped|PLAY|0')
    JSON.stringify({ active: walk.active(), open: walk.open(), path: walk.path(), back: walk.back() })`,
    { text: JSON.stringify(chart) },
  )
  const walk = walkOf(chart)
  go(walk, 'player.off|POWER', 'player.on.stopped|PLAY')
  expect(JSON.parse(found)).toEqual({ active: walk.active(), open: walk.open(), path: walk.path(), back: true })
})

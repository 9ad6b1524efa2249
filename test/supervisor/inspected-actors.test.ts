import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import type { InspectedRecord } from '../../src/chart/inspected.ts'
import { InspectedActors } from '../../src/supervisor/inspected-actors.ts'

const made = (session: string): InspectedRecord => ({ kind: 'actor', at: 1, session, id: session })
const state = (session: string, at: number, rest: Partial<InspectedRecord> = {}): InspectedRecord =>
  ({
    kind: 'snapshot',
    at,
    session,
    status: 'active',
    active: [],
    edges: [],
    context: `${at}`,
    ...rest,
  }) as InspectedRecord

test('an actor is as its last snapshot says, with what came before it, oldest first', () => {
  const actors = new InspectedActors()
  actors.add([made('x:0'), state('x:0', 1), state('x:0', 2, { status: 'done', active: ['m.end'], leftOut: 7 })])
  actors.add([state('x:0', 3, { status: 'done', leftOut: 1 })])
  expect(actors.list()).toMatchObject([
    { session: 'x:0', status: 'done', active: [], context: '3', leftOut: 8, recent: [{ at: 1 }, { at: 2 }, { at: 3 }] },
  ])
})

test('the last records of an actor are kept, and one more pushes the first out', () => {
  const actors = new InspectedActors()
  actors.add([made('x:0'), ...Array.from({ length: limits.inspectedRecent }, (_, at) => state('x:0', at))])
  expect(actors.list()[0]?.recent[0]?.at).toBe(0)
  actors.add([state('x:0', limits.inspectedRecent)])
  expect(actors.list()[0]?.recent).toHaveLength(limits.inspectedRecent)
  expect(actors.list()[0]?.recent[0]?.at).toBe(1)
})

test('an actor that has ended stays until room is needed; one that lives never gives way', () => {
  const actors = new InspectedActors()
  const sessions = Array.from({ length: limits.inspectedActors }, (_, n) => `x:${n}`)
  actors.add([...sessions.map(made), state('x:5', 1, { status: 'stopped' })])
  expect(actors.list().map(({ session }) => session)).toEqual(sessions)
  actors.add([made('new'), made('one too many')])
  const left = actors.list().map(({ session }) => session)
  expect(left).toHaveLength(limits.inspectedActors)
  expect(left).toContain('new')
  expect(left).not.toContain('x:5')
})

test('records of an actor that is not known are left out', () => {
  const actors = new InspectedActors()
  actors.add([state('x:9', 1)])
  expect(actors.list()).toEqual([])
})

test('all records of a kernel together are bounded: the oldest go, and every actor is as it is now', () => {
  const actors = new InspectedActors()
  const large = { context: 'c'.repeat(limits.inspectedJsonChars) }
  const sessions = Array.from({ length: 10 }, (_, n) => `x:${n}`)
  actors.add(sessions.map(made))
  for (let at = 0; at < 40; at += 1) actors.add(sessions.map((session) => state(session, at, large)))
  const list = actors.list()
  const chars = list.flatMap(({ recent }) => recent).reduce((sum, one) => sum + JSON.stringify(one).length, 0)
  expect(chars).toBeLessThan(limits.inspectedChars * 1.1)
  expect(list.every(({ recent, context }) => recent.at(-1)?.at === 39 && context === large.context)).toBe(true)
})

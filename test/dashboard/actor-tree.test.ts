import { expect, test } from 'vitest'
import type { InspectedActor } from '../../src/chart/inspected.ts'
import {
  actorMovesOf,
  familiesOf,
  placesOf,
  recordsKept,
  type Told,
  tabbed,
  withRecent,
} from '../../src/dashboard/page/chart/actor-tree.ts'

const actor = (session: string, parent?: string): InspectedActor => ({
  ...{ session, id: session, status: 'active', active: [], context: '{}', recent: [] },
  ...(parent !== undefined && { parent }),
})
const event = (at: number, type = 'GO'): Told => ({
  kind: 'event',
  at,
  session: 'x:0',
  type,
  text: `{"type":"${type}"}`,
})
const snapshot = (at: number, active: string): Told => ({
  ...{ kind: 'snapshot', at, session: 'x:0', status: 'active', active: [active], edges: [], context: '{}' },
})

test('children stand below their parents, and one whose parent is gone stands by itself', () => {
  const families = familiesOf([actor('a'), actor('b', 'a'), actor('c', 'b'), actor('d', 'gone')])
  expect(families.map(({ actor }) => actor.session)).toEqual(['a', 'd'])
  expect(families[0]?.children[0]?.children[0]?.actor.session).toBe('c')
})

test('of what is told again, only the new is taken', () => {
  const first = withRecent([], [event(1), snapshot(1, 'a')])
  const second = withRecent(first, [event(1), snapshot(1, 'a'), event(2), snapshot(2, 'b')])
  expect(second.map(({ key, record }) => [key, record.at])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
  ])
  expect(withRecent(second, [event(2), snapshot(2, 'b')])).toBe(second)
})

test('the window of what is told may have moved on, also past all that is known', () => {
  const known = withRecent([], [event(1), event(2), event(3)])
  expect(withRecent(known, [event(3), event(4)]).map(({ record }) => record.at)).toEqual([1, 2, 3, 4])
  expect(withRecent(known, [event(8), event(9)]).map(({ key }) => key)).toEqual([1, 2, 3, 4, 5])
})

test('the same event twice within a millisecond is two events', () => {
  const known = withRecent([], [event(1)])
  expect(withRecent(known, [event(1), event(1)])).toHaveLength(2)
})

test('of as many records as are kept all stay, of one more the oldest goes', () => {
  const many = Array.from({ length: recordsKept + 1 }, (_, at) => event(at))
  const kept = withRecent([], many)
  expect(kept).toHaveLength(recordsKept)
  expect(kept[0]?.record.at).toBe(1)
})

test('a snapshot is a move, with the event that came before it', () => {
  const moves = actorMovesOf(withRecent([], [event(1), snapshot(2, 'a'), snapshot(3, 'b')]))
  expect(moves.map(({ key, active, event: cause }) => [key, active[0], cause?.type])).toEqual([
    [2, 'a', 'GO'],
    [3, 'b', undefined],
  ])
})

test('a place is told by its innermost states', () => {
  expect(placesOf(['order', 'order.open'])).toBe('open')
  expect(placesOf(['m', 'm.a', 'm.a.x', 'm.b', 'm.b.y'])).toBe('a.x and b.y')
  expect(placesOf(['order'])).toBe('order')
})

test('those that run get the tabs, and so does the chosen one; one more than fits is among the rest', () => {
  const families = familiesOf([
    { ...actor('a'), status: 'done' },
    actor('b'),
    { ...actor('c'), status: 'done' },
    actor('d'),
  ])
  const sessions = (branches: readonly { actor: InspectedActor }[]) => branches.map(({ actor }) => actor.session)
  expect(sessions(tabbed(families, '', 4).rest)).toEqual([])
  const { shown, rest } = tabbed(families, 'c', 3)
  expect([sessions(shown), sessions(rest)]).toEqual([['b', 'c', 'd'], ['a']])
})

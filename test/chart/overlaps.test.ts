import { expect, test } from 'vitest'
import type { Box, Chart, ChartEdge, ChartLayout, ChartNode, PlacedEdge, Point } from '../../src/chart/model.ts'
import { overlapCount, overlapsOf } from '../../src/chart/overlaps.ts'

const node = (id: string, children: ChartNode[] = [], entry: string[] = []): ChartNode => ({
  ...{ id, key: id, kind: children.length > 0 ? 'compound' : 'atomic', children, entry },
  ...{ exit: [], invokes: [], spawns: [], tags: [] },
})
const edge = (id: string, source: string, ...targets: string[]): ChartEdge => ({
  ...{ id, source, targets, kind: 'event', event: id, actions: [], reenter: false },
})
const box = (x: number, y: number, width: number, height: number): Box => ({ x, y, width, height })
const at = (...points: [number, number][]): Point[] => points.map(([x, y]) => ({ x, y }))
const line = (id: string, path: Point[], label?: Box): PlacedEdge => ({
  ...{ id, paths: path.length === 0 ? [] : [path] },
  ...(label !== undefined && { label: { ...label, lines: [id] } }),
})

/** Two states beside a compound one that holds two others. */
const chart: Chart = {
  id: 'm',
  root: node('m', [node('a'), node('b'), node('c', [node('d'), node('e')])]),
  edges: [edge('ab', 'a', 'b'), edge('ba', 'b', 'a'), edge('ad', 'a', 'd'), edge('de', 'd', 'e'), edge('stay', 'a')],
}
const nodes: Record<string, Box> = {
  m: box(0, 0, 600, 400),
  a: box(20, 60, 100, 40),
  b: box(20, 300, 100, 40),
  c: box(300, 60, 260, 300),
  d: box(320, 160, 100, 40),
  e: box(320, 300, 100, 40),
}
const found = (edges: PlacedEdge[], boxes: Record<string, Box> = {}) => {
  const layout: ChartLayout = { width: 600, height: 400, nodes: { ...nodes, ...boxes }, initials: {}, edges }
  const overlaps = overlapsOf(chart, layout)
  return Object.fromEntries(Object.entries(overlaps).filter(([, list]) => list.length > 0))
}

test('a layout where nothing overlaps has an empty report', () => {
  const edges = [
    line('ab', at([70, 100], [70, 300]), box(40, 180, 60, 20)),
    line('ad', at([120, 80], [290, 80], [290, 180], [320, 180]), box(180, 70, 60, 20)),
    line('de', at([370, 200], [370, 300]), box(340, 230, 60, 20)),
  ]
  expect(found(edges)).toEqual({})
  expect(overlapCount(overlapsOf(chart, { width: 0, height: 0, nodes: {}, initials: {}, edges: [] }))).toBe(0)
})

test('labels that overlap are a pair; labels that touch are none', () => {
  const second = (y: number) => [line('ab', [], box(150, 180, 60, 20)), line('ba', [], box(160, y, 60, 20))]
  expect(found(second(199)).labels).toEqual([['ab', 'ba']])
  expect(found(second(200)).labels).toBeUndefined()
})

test('a label over another state, over a border, or over a title is found; within a state that holds an end it is none', () => {
  const label = (placed: Box, id = 'ab') => found([line(id, at([500, 380], [510, 380]), placed)]).labelsOnBoxes
  expect(label(box(100, 70, 60, 20))).toEqual([{ edge: 'ab', node: 'a' }])
  expect(label(box(120, 70, 60, 20))).toBeUndefined()
  // c holds neither end of ab, and one of ad.
  expect(label(box(450, 200, 60, 20))).toEqual([{ edge: 'ab', node: 'c' }])
  expect(label(box(450, 200, 60, 20), 'ad')).toBeUndefined()
  expect(label(box(280, 200, 30, 20), 'ad')).toEqual([{ edge: 'ad', node: 'c' }])
  expect(label(box(450, 70, 60, 20), 'ad')).toEqual([{ edge: 'ad', node: 'c' }])
})

test('a transition that stays is written within its own state', () => {
  expect(found([line('stay', [], box(30, 70, 60, 20))])).toEqual({})
  expect(found([line('stay', [], box(90, 70, 60, 20))]).labelsOnBoxes).toEqual([{ edge: 'stay', node: 'a' }])
  expect(found([line('stay', [], box(150, 200, 60, 20))]).labelsOnBoxes).toEqual([{ edge: 'stay', node: 'a' }])
})

test('a line through a box is found, its own ends included; along a border it is none', () => {
  const through = (path: Point[], id = 'ad') => found([line(id, path)]).edgesThroughBoxes
  expect(through(at([70, 100], [70, 320], [320, 320], [320, 180]))).toEqual([{ edge: 'ad', node: 'b' }])
  expect(through(at([60, 70], [60, 180], [320, 180]))).toEqual([{ edge: 'ad', node: 'a' }])
  expect(through(at([120, 80], [320, 180]))).toBeUndefined()
  expect(through(at([120, 80], [120, 320], [310, 320], [310, 180], [320, 180]))).toBeUndefined()
  // ab leaves neither a nor b for c.
  expect(through(at([120, 80], [310, 80], [310, 320], [120, 320]), 'ab')).toEqual([{ edge: 'ab', node: 'c' }])
})

test('a line through the label of another is found, unless both run along the same line', () => {
  const path = at([70, 100], [70, 300])
  const own = line('ab', path, box(40, 180, 60, 20))
  const other = (from: Point[]) => found([own, line('ba', from)]).edgesThroughLabels
  expect(other(at([60, 300], [60, 100]))).toEqual([{ edge: 'ba', label: 'ab' }])
  expect(other(at([40, 300], [40, 100]))).toBeUndefined()
  expect(other([...path])).toBeUndefined()
})

test('a line over the name of a compound state is found only where its text has nowhere else to be', () => {
  const wide = found([line('ad', at([70, 60], [70, 20], [330, 20], [330, 160]))])
  expect(wide).toEqual({})
  const narrow = { c: box(316, 60, 40, 300), d: box(318, 160, 30, 40), e: box(318, 300, 30, 40) }
  expect(found([line('ad', at([70, 60], [70, 20], [335, 20], [335, 160]))], narrow).edgesThroughText).toEqual([
    { edge: 'ad', node: 'c' },
  ])
})

test('boxes of which neither holds the other are a pair, and a child that sticks out; boxes that touch are none', () => {
  expect(found([], { b: box(20, 99, 100, 40) }).boxes).toEqual([['a', 'b']])
  expect(found([], { b: box(20, 100, 100, 40) })).toEqual({})
  expect(found([], { d: box(290, 160, 100, 40) }).boxes).toEqual([['c', 'd']])
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Box } from '../../src/chart/model.ts'
import { arrange, crossings, type Measures, type Member, spread } from '../../src/dashboard/page/fleet/arrange.ts'
import { lineBetween } from '../../src/dashboard/page/fleet/lines.ts'
import { arrangeTiles, nextBox } from '../../src/dashboard/page/fleet/tiles.ts'

const measures: Measures = { nodeWidth: 172, nodeHeight: 66, rowGap: 20, columnGap: 60, maxRows: 9, top: 30 }

/** Fleets of up to 40 kernels, which depend on any that were declared before them. */
const fleets = fc
  .array(fc.record({ tier: fc.integer({ min: 1, max: 5 }), picks: fc.array(fc.nat(), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((rows): Member[] =>
    rows.map(({ tier, picks }, index) => ({
      id: `k${index}`,
      tier,
      dependsOn: index === 0 ? [] : [...new Set(picks.map((pick) => `k${pick % index}`))],
    })),
  )

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

test('no two kernels of the graph overlap, and each lies in the band of its tier', () => {
  fc.assert(
    fc.property(fleets, (fleet) => {
      const { boxes, bands, width, height } = arrange(fleet, measures)
      const all = [...boxes.values()]
      expect(all).toHaveLength(fleet.length)
      for (const [index, box] of all.entries()) {
        for (const other of all.slice(index + 1)) expect(overlap(box, other)).toBe(false)
        expect(box.y).toBeGreaterThanOrEqual(measures.top)
        expect(box.x + box.width).toBeLessThanOrEqual(width)
        expect(box.y + box.height).toBeLessThanOrEqual(height)
      }
      for (const { id, tier } of fleet) {
        const band = bands.find((one) => one.tier === tier)?.box as Box
        expect(overlap(band, boxes.get(id) as Box)).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})

test('no line runs through the box of a kernel that it does not concern', () => {
  fc.assert(
    fc.property(fleets, fc.nat(), fc.nat(), fc.integer({ min: -4, max: 4 }), (fleet, one, other, lane) => {
      const [from, to] = [`k${one % fleet.length}`, `k${other % fleet.length}`]
      const arrangement = arrange(fleet, measures)
      const line = lineBetween(arrangement, from, to, lane)
      for (const [index, point] of (line?.through ?? []).entries()) {
        const next = line?.through[index + 1]
        if (next === undefined) continue
        for (const [id, box] of arrangement.boxes) {
          if (id === from || id === to) continue
          const isBeside = Math.max(point.x, next.x) <= box.x || Math.min(point.x, next.x) >= box.x + box.width
          const isClear = [point.y, next.y].every((y) => y <= box.y || y >= box.y + box.height)
          expect(isBeside || isClear, `${from} to ${to} by ${id}`).toBe(true)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('the order has no more crossings than the one in which the fleet is written', () => {
  fc.assert(
    fc.property(fleets, (fleet) => {
      const wide = { ...measures, maxRows: 40 }
      const tiers = [...new Set(fleet.map(({ tier }) => tier))].sort()
      const written = tiers.map((tier) => fleet.filter((one) => one.tier === tier).map(({ id }) => id))
      const edges = new Map(fleet.map(({ id }): [string, string[]] => [id, []]))
      for (const { id, dependsOn } of fleet) {
        for (const on of dependsOn) {
          edges.get(id)?.push(on)
          edges.get(on)?.push(id)
        }
      }
      expect(crossings(arrange(fleet, wide).columns, edges)).toBeLessThanOrEqual(crossings(written, edges))
    }),
    { numRuns: 60 },
  )
})

test('lines that are written crossed are uncrossed', () => {
  const fleet: Member[] = [
    ...['a', 'b', 'c'].map((id) => ({ id, tier: 1, dependsOn: [] })),
    ...['c', 'b', 'a'].map((on) => ({ id: `of_${on}`, tier: 2, dependsOn: [on] })),
  ]
  const { columns, boxes } = arrange(fleet, measures)
  expect(columns[1]?.map((id) => id.replace('of_', ''))).toEqual(columns[0])
  for (const id of ['a', 'b', 'c']) expect(boxes.get(`of_${id}`)?.y).toBe(boxes.get(id)?.y)
})

test('the same fleet gives the same picture, and a tier past its rows a second column', () => {
  const fleet = Array.from({ length: 10 }, (_, index) => ({ id: `k${index}`, tier: 3, dependsOn: [] }))
  expect(arrange(fleet, measures)).toEqual(arrange(fleet, measures))
  expect(arrange(fleet, measures).columns.map(({ length }) => length)).toEqual([5, 5])
  expect(arrange(fleet.slice(1), measures).columns.map(({ length }) => length)).toEqual([9])
  expect(arrange(fleet, measures).bands).toHaveLength(1)
})

test('a fleet of none is an empty picture', () => {
  expect(arrange([], measures)).toMatchObject({ width: 0, columns: [], bands: [] })
})

test('places are as near to the wanted ones as a row apart, their order and the room allow', () => {
  expect(spread([1, 1, 1], 10)).toEqual([0, 1, 2])
  expect(spread([5, 2], 10)).toEqual([3, 4])
  expect(spread([-3, 9], 2)).toEqual([0, 3])
  expect(spread([], 3)).toEqual([])
})

test('tiles stand in their groups, as many in a row as there is room for', () => {
  const plan = { width: 100, tileWidth: 26, tileHeight: 26, gap: 7, heading: 28 }
  const groups = [
    { name: 'Tier 1', ids: ['a', 'b', 'c'] },
    { name: 'Tier 2', ids: ['d'] },
  ]
  const { boxes, groups: placed, height } = arrangeTiles(groups, plan)
  // 100 wide: two of 26 with 7 around and between, a third would end at 106.
  expect(boxes.get('a')).toMatchObject({ x: 7, y: 28 })
  expect(boxes.get('b')?.y).toBe(28)
  expect(boxes.get('c')).toMatchObject({ x: 7, y: 28 + 33 })
  expect(boxes.get('d')?.y).toBeGreaterThan(boxes.get('c')?.y ?? 0)
  expect(placed.map(({ name, size }) => [name, size])).toEqual([
    ['Tier 1', 3],
    ['Tier 2', 1],
  ])
  expect(arrangeTiles(groups, { ...plan, width: 106 }).boxes.get('c')?.y).toBe(28)
  expect(height).toBeGreaterThan((boxes.get('d')?.y ?? 0) + 26)
  expect(arrangeTiles([], plan).height).toBe(0)
})

test('an arrow key leads to the next box in its direction, and nowhere where there is none', () => {
  const box = (x: number, y: number): Box => ({ x, y, width: 10, height: 10 })
  const boxes = new Map([
    ['left', box(0, 0)],
    ['right', box(30, 2)],
    ['below', box(2, 40)],
    ['far', box(60, 40)],
  ])
  expect(nextBox(boxes, 'left', 'ArrowRight')).toBe('right')
  expect(nextBox(boxes, 'left', 'ArrowDown')).toBe('below')
  expect(nextBox(boxes, 'below', 'ArrowRight')).toBe('far')
  expect(nextBox(boxes, 'left', 'ArrowLeft')).toBeUndefined()
  expect(nextBox(boxes, 'left', 'Enter')).toBeUndefined()
  expect(nextBox(boxes, 'far', 'Home')).toBe('left')
  expect(nextBox(boxes, 'left', 'End')).toBe('far')
})

/**
 * Where each kernel stands in the graph. Tiers are columns from left to right, the foundations first; within a column the
 * order is found by barycentres, so that few lines cross, and the heights by least squares, so that lines are short. It
 * looks at the fleet alone: what happens to kernels, and what they say to each other, moves nothing. Pure; the same fleet
 * gives the same picture. How lines run between the boxes is said in lines.ts.
 */
import type { Box } from '../../../chart/model.ts'

export interface Member {
  readonly id: string
  readonly tier: number
  readonly dependsOn: readonly string[]
  /** The kernel that would take its work. */
  readonly to?: string
}

export interface Measures {
  readonly nodeWidth: number
  readonly nodeHeight: number
  /** Between two boxes of a column: lines run through here. */
  readonly rowGap: number
  readonly columnGap: number
  /** A tier of more kernels is drawn in several columns. */
  readonly maxRows: number
  /** Above the boxes, for the names of the tiers. */
  readonly top: number
}

export interface Band {
  readonly tier: number
  readonly box: Box
}

export interface Arrangement {
  readonly width: number
  readonly height: number
  readonly boxes: ReadonlyMap<string, Box>
  readonly bands: readonly Band[]
  /** Ids from top to bottom, column by column. */
  readonly columns: readonly (readonly string[])[]
}

const sweeps = 12

export function arrange(members: readonly Member[], measures: Measures): Arrangement {
  const tiers = [...new Set(members.map(({ tier }) => tier))].sort((a, b) => a - b)
  const split = tiers.flatMap((tier) => {
    const ids = members.filter((member) => member.tier === tier).map(({ id }) => id)
    const parts = Math.ceil(ids.length / measures.maxRows)
    const size = Math.ceil(ids.length / parts)
    return Array.from({ length: parts }, (_, part) => ({ tier, ids: ids.slice(part * size, (part + 1) * size) }))
  })
  const edges = edgesOf(members)
  const columns = ordered(
    split.map(({ ids }) => ids),
    edges,
  )
  const step = measures.nodeHeight + measures.rowGap
  const rows = Math.max(1, ...columns.map(({ length }) => length))
  const tops = heights(columns, edges, rows)
  const { nodeWidth: width, nodeHeight: height, columnGap, top, rowGap } = measures
  const boxes = new Map<string, Box>()
  columns.forEach((ids, column) => {
    for (const id of ids) {
      const y = Math.round(top + rowGap / 2 + (tops.get(id) ?? 0) * step)
      boxes.set(id, { x: columnGap / 2 + column * (width + columnGap), y, width, height })
    }
  })
  const whole = { width: columns.length * (width + columnGap), height: top + rows * step }
  const bands = tiers.map((tier) => {
    const first = split.findIndex((column) => column.tier === tier)
    const count = split.filter((column) => column.tier === tier).length
    const x = first * (width + columnGap)
    return { tier, box: { x, y: 0, width: count * (width + columnGap), height: whole.height } }
  })
  return { ...whole, boxes, bands, columns }
}

type Neighbours = ReadonlyMap<string, readonly string[]>

/** Both ways, each pair once. */
function edgesOf(members: readonly Member[]): Neighbours {
  const found = new Map<string, Set<string>>(members.map(({ id }) => [id, new Set()]))
  for (const { id, dependsOn, to } of members) {
    for (const other of to === undefined ? dependsOn : [...dependsOn, to]) {
      if (other === id) continue
      found.get(id)?.add(other)
      found.get(other)?.add(id)
    }
  }
  return new Map([...found].map(([id, others]) => [id, [...others].filter((other) => found.has(other))]))
}

/** Sweeps forth and back, and keeps the order with the fewest crossings; the fleet's own where none is better. */
function ordered(start: readonly (readonly string[])[], edges: Neighbours): (readonly string[])[] {
  let columns = start.map((ids) => [...ids])
  let best = columns.map((ids) => [...ids])
  let fewest = crossings(columns, edges)
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep += 1) {
    const order = columns.map((_, index) => (sweep % 2 === 0 ? index : columns.length - 1 - index))
    for (const index of order) columns[index] = byBarycentre(columns, index, edges)
    const now = crossings(columns, edges)
    if (now >= fewest) continue
    fewest = now
    best = columns.map((ids) => [...ids])
  }
  columns = best
  return columns
}

/** Ties keep their order, so that the same fleet always gives the same picture. */
function byBarycentre(columns: readonly string[][], index: number, edges: Neighbours): string[] {
  const places = placesOf(columns)
  const column = columns[index] ?? []
  const keyed = column.map((id, row) => {
    const own = (row + 0.5) / column.length
    const others = (edges.get(id) ?? []).flatMap((other) => places.get(other)?.at ?? [])
    const mean = others.length === 0 ? own : others.reduce((sum, at) => sum + at, 0) / others.length
    return { id, row, mean }
  })
  return keyed.sort((a, b) => a.mean - b.mean || a.row - b.row).map(({ id }) => id)
}

/** Column of each, and how far down it is: 0 to 1. */
function placesOf(columns: readonly (readonly string[])[]): Map<string, { column: number; at: number }> {
  return new Map(
    columns.flatMap((ids, column) => ids.map((id, row) => [id, { column, at: (row + 0.5) / ids.length }] as const)),
  )
}

/** Pairs of lines between the same two columns that cross; columns may lie apart. */
export function crossings(columns: readonly (readonly string[])[], edges: Neighbours): number {
  const places = placesOf(columns)
  const byPair = new Map<string, { from: number; to: number }[]>()
  for (const [id, others] of edges) {
    const from = places.get(id)
    for (const other of others) {
      const to = places.get(other)
      if (from === undefined || to === undefined || from.column >= to.column) continue
      const pair = `${from.column} ${to.column}`
      const lines = byPair.get(pair) ?? []
      lines.push({ from: from.at, to: to.at })
      byPair.set(pair, lines)
    }
  }
  let count = 0
  for (const lines of byPair.values()) {
    lines.forEach((one, index) => {
      for (const other of lines.slice(index + 1)) if ((one.from - other.from) * (one.to - other.to) < 0) count += 1
    })
  }
  return count
}

/** Tops in rows. Each kernel is drawn towards the middle of its neighbours, as far as order and height allow. */
function heights(columns: readonly (readonly string[])[], edges: Neighbours, rows: number): Map<string, number> {
  const tops = new Map<string, number>()
  for (const ids of columns) for (const [row, id] of ids.entries()) tops.set(id, row + (rows - ids.length) / 2)
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    for (const ids of sweep % 2 === 0 ? columns : columns.toReversed()) {
      const wanted = ids.map((id) => {
        const own = tops.get(id) ?? 0
        const others = (edges.get(id) ?? []).filter((other) => !ids.includes(other))
        return others.length === 0
          ? own
          : others.reduce((sum, other) => sum + (tops.get(other) ?? 0), 0) / others.length
      })
      spread(wanted, rows - ids.length).forEach((top, row) => {
        tops.set(ids[row] ?? '', top)
      })
    }
  }
  return tops
}

/**
 * The nearest places to those that are wanted, in their order, a row apart and between 0 and `slack` + index: isotonic
 * regression (pool adjacent violators) on what is left when each place's own row is taken off.
 */
export function spread(wanted: readonly number[], slack: number): number[] {
  const pools: { sum: number; count: number }[] = []
  wanted.forEach((place, index) => {
    pools.push({ sum: place - index, count: 1 })
    for (;;) {
      const [before, last] = [pools.at(-2), pools.at(-1)]
      if (before === undefined || last === undefined || before.sum / before.count <= last.sum / last.count) return
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count })
    }
  })
  return pools
    .flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count))
    .map((offset, index) => Math.min(slack, Math.max(0, offset)) + index)
}

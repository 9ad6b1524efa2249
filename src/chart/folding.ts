/**
 * Shapes for machines that would be a long strip. Two states that a transition connects never stand side by side, but
 * others may: each child of a state is given a rank such that, by a rough estimate of what everything takes, the whole
 * has a screen's shape, short lines and few arrows upwards. A guess that costs next to nothing; ELK then does the work.
 */
import type { ChartNode } from './model.ts'
import { initialFirst } from './order.ts'

/** Pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Transitions from one state to another. */
export interface Tie {
  readonly source: string
  readonly target: string
  readonly label: Size
}

/** Ranks of states among their siblings, by id; 0 is the top. */
export type Ranks = ReadonlyMap<string, number>

/** Between two ranks, without the label that stands there; beside a state; and of a line that runs past. Pixels. */
const [rankGap, besideGap, passingGap] = [50, 40, 18]
/** Widths to a height that are aimed at. */
const shape = 1.5
/** Fewer states than this are read best one below the other. */
const fewest = 4
/** More than this would take the search longer than ELK. */
const most = 24
/** Beginnings of the search, and its rounds from each: it has always ended long before. */
const [beginnings, mostRounds] = [16, 60]
/** A pixel of line, and an arrow that leads upwards, as if it were so long. */
const [lineBreadth, upward] = [200, 300]
/** What it costs that the initial state stands a rank lower: a share of all. */
const lateStart = 0.1

/** The best few, the best first; none where no state has as many children as is worth it. */
export function foldings(root: ChartNode, ties: readonly Tie[], own: (id: string) => Size, count: number): Ranks[] {
  const ancestors = ancestorsOf(root)
  const sizes = new Map<string, Size>()
  sizesOf(root, own, sizes)
  const ranks = Array.from({ length: count }, () => new Map<string, number>())
  const visit = (node: ChartNode) => {
    node.children.forEach(visit)
    if (node.kind !== 'compound' || node.children.length < fewest || node.children.length > most) return
    const found = search(localOf(node, ties, ancestors, sizes))
    for (const [index, map] of ranks.entries()) {
      // Where this node has fewer ways than another, its best goes with all of that one's.
      const way = found[index] ?? found[0] ?? []
      for (const [number, { id }] of initialFirst(node).entries()) map.set(id, way[number] ?? number)
    }
  }
  visit(root)
  const texts = ranks.map((map) => JSON.stringify([...map]))
  return ranks.filter((map, index) => map.size > 0 && texts.indexOf(texts[index] ?? '') === index)
}

/** A rough one: as if all children stood one below the other. */
function sizesOf(node: ChartNode, own: (id: string) => Size, sizes: Map<string, Size>): Size {
  const inside = node.children.map((child) => sizesOf(child, own, sizes))
  const { width, height } = own(node.id)
  const size = {
    width: Math.max(width, ...inside.map((child) => child.width + 2 * besideGap)),
    height: height + inside.reduce((sum, child) => sum + child.height + rankGap, 0),
  }
  sizes.set(node.id, size)
  return size
}

/** Ids from the root down to each node. */
function ancestorsOf(root: ChartNode): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  const visit = (node: ChartNode, above: readonly string[]) => {
    const line = [...above, node.id]
    found.set(node.id, line)
    for (const child of node.children) visit(child, line)
  }
  visit(root, [])
  return found
}

/** One node's children by number, the initial one first, and the transitions between them and what they hold. */
interface Local {
  readonly sizes: readonly Size[]
  readonly ties: readonly { readonly from: number; readonly to: number; readonly breadth: number }[]
}

function localOf(
  node: ChartNode,
  ties: readonly Tie[],
  ancestors: ReadonlyMap<string, readonly string[]>,
  sizes: ReadonlyMap<string, Size>,
): Local {
  const children = initialFirst(node)
  const numbers = new Map(children.map(({ id }, index) => [id, index]))
  const depth = ancestors.get(node.id)?.length ?? 0
  const numberOf = (id: string) => numbers.get(ancestors.get(id)?.[depth] ?? '')
  return {
    sizes: children.map(({ id }) => sizes.get(id) ?? { width: 0, height: 0 }),
    ties: ties.flatMap(({ source, target, label }) => {
      const [from, to] = [numberOf(source), numberOf(target)]
      const breadth = label.width + besideGap / 2
      return from === undefined || to === undefined || from === to ? [] : [{ from, to, breadth }]
    }),
  }
}

/** From the written order and others, whatever single move helps most, until none does; the best ends first. */
function search(local: Local): (readonly number[])[] {
  const written = local.sizes.map((_, index) => index)
  const found = new Map<string, { ranks: readonly number[]; cost: number }>()
  for (let beginning = 0; beginning < beginnings; beginning++) {
    let best: readonly number[] = compact(shuffled(written, beginning))
    let bestCost = costOf(best, local)
    for (let round = 0; round < mostRounds; round++) {
      let next = best
      for (const tried of neighbours(best)) {
        const cost = costOf(tried, local)
        if (cost < bestCost) [next, bestCost] = [tried, cost]
      }
      if (next === best) break
      best = compact(next)
    }
    found.set(best.join(), { ranks: best, cost: bestCost })
  }
  return [...found.values()].sort((a, b) => a.cost - b.cost).map(({ ranks }) => ranks)
}

/** The same each time; the first is as it was. */
function shuffled(from: readonly number[], seed: number): number[] {
  const mixed = from.map((value) => ({ value, by: seed === 0 ? value : Math.imul(value + 1, 0x9e3779b1 * seed) >>> 0 }))
  return mixed.sort((a, b) => a.by - b.by).map(({ value }) => value)
}

/** Without ranks that nothing stands at. */
function compact(ranks: readonly number[]): number[] {
  const levels = [...new Set(ranks)].sort((a, b) => a - b)
  return ranks.map((rank) => levels.indexOf(rank))
}

/** One state at another rank, or two that change places. */
function* neighbours(ranks: readonly number[]): Generator<readonly number[]> {
  const last = Math.max(...ranks)
  for (const [index, rank] of ranks.entries()) {
    for (let other = 0; other <= last; other++) if (other !== rank) yield ranks.with(index, other)
    for (let other = index + 1; other < ranks.length; other++) {
      if (ranks[other] !== rank) yield ranks.with(index, ranks[other] ?? 0).with(other, rank)
    }
  }
}

/** Square pixels: of the screen that the picture would fill, and of its lines. */
function costOf(ranks: readonly number[], { sizes, ties }: Local): number {
  const widths = ranks.map(() => 0)
  const heights = ranks.map(() => 0)
  const gaps = ranks.map(() => 0)
  const add = (to: number[], at: number, what: number) => {
    to[at] = (to[at] ?? 0) + what
  }
  for (const [index, { width, height }] of sizes.entries()) {
    const rank = ranks[index] ?? 0
    add(widths, rank, width + besideGap)
    heights[rank] = Math.max(heights[rank] ?? 0, height)
  }
  let length = 0
  for (const { from, to, breadth } of ties) {
    const [a = 0, b = 0] = [ranks[from], ranks[to]]
    if (a === b) return Number.POSITIVE_INFINITY
    const [top, bottom] = a < b ? [a, b] : [b, a]
    for (let rank = top + 1; rank < bottom; rank++) {
      add(widths, rank, passingGap)
      length += (heights[rank] ?? 0) + 2 * rankGap
    }
    // The label stands where there is more room for it.
    const isBelow = bottom - top > 1 && (gaps[top + 1] ?? 0) < (gaps[top] ?? 0)
    add(gaps, isBelow ? top + 1 : top, breadth)
    if (a > b) length += upward
  }
  const width = Math.max(...widths, ...gaps)
  const height = heights.reduce((sum, of) => sum + (of === 0 ? 0 : of + 2 * rankGap), 0)
  const side = Math.max(width, height * shape)
  return ((side * side) / shape / 2 + (width * height) / 2 + length * lineBreadth) * (1 + (ranks[0] ?? 0) * lateStart)
}

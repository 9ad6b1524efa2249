/** How good a layout is, as one number: less is better. Overlaps first, then size, shape, crossings and length of lines. */
import type { ChartLayout, Point } from './model.ts'
import { type Overlaps, overlapCount } from './overlaps.ts'

/** An overlap outweighs whatever else there is. */
const overlapCost = 1e9
/** Widths to a height between which a picture has the shape of a screen. */
const [narrow, wide] = [0.8, 1.7]
/** What a reader would give for a crossing less. Square pixels. */
const crossingCost = 12000
/** The same for a pixel of line: it takes its own breadth, and that of the space beside it. */
const lineCost = 14
/** And for a corner. */
const cornerCost = 300

/** @param overlaps Left out: as if there were none. */
export function costOf(layout: ChartLayout, overlaps?: Overlaps): number {
  const lines = layout.edges.flatMap(({ paths }) => paths)
  const crossings = crossingsOf(layout)
  const corners = lines.reduce((sum, path) => sum + Math.max(0, path.length - 2), 0)
  const length = lines.reduce((sum, path) => sum + lengthOf(path), 0)
  return (
    (overlaps === undefined ? 0 : overlapCount(overlaps) * overlapCost) +
    screenArea(layout) +
    crossings * crossingCost +
    length * lineCost +
    corners * cornerCost
  )
}

/** Of the smallest picture of a screen's shape that holds it: a strip takes more than its own area. */
function screenArea({ width, height }: ChartLayout): number {
  const shape = width / Math.max(1, height)
  // Half way: a page scrolls, and does so more readily down than sideways.
  if (shape < narrow) return width * height * Math.sqrt(narrow / shape)
  return width * height * Math.max(1, shape / wide) ** 1.5
}

function lengthOf(path: readonly Point[]): number {
  return path.reduce((sum, point, index) => {
    const before = path[index - 1]
    return before === undefined ? 0 : sum + Math.abs(point.x - before.x) + Math.abs(point.y - before.y)
  }, 0)
}

/** Places where a level piece of one line crosses an upright one of another. */
export function crossingsOf({ edges }: Pick<ChartLayout, 'edges'>): number {
  const level: { y: number; from: number; to: number }[] = []
  const upright: { x: number; from: number; to: number }[] = []
  const seen = new Set<readonly (readonly Point[])[]>()
  for (const { paths } of edges) {
    if (seen.has(paths)) continue
    seen.add(paths)
    for (const path of paths) {
      path.forEach((point, index) => {
        const before = path[index - 1]
        if (before === undefined) return
        if (before.x === point.x)
          upright.push({ x: point.x, from: Math.min(before.y, point.y), to: Math.max(before.y, point.y) })
        else level.push({ y: point.y, from: Math.min(before.x, point.x), to: Math.max(before.x, point.x) })
      })
    }
  }
  let crossings = 0
  for (const { y, from, to } of level) {
    for (const line of upright) if (line.x > from && line.x < to && y > line.from && y < line.to) crossings += 1
  }
  return crossings
}

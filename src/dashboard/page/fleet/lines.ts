/**
 * How a line runs from one box of the graph to another: as a smooth curve, and through the gaps between the boxes that
 * lie between them, never across one. Pure; what lines mean, and how strong they are, is said elsewhere.
 */
import type { Box, Point } from '../../../chart/model.ts'
import type { Arrangement } from './arrange.ts'

export interface Line {
  /** Of an SVG path, from the one to the other. */
  readonly path: string
  /** Points that it passes, the first and the last included. */
  readonly through: readonly Point[]
}

/** From the middle of a box's side, so that the two directions between the same boxes do not lie on each other. Pixels. */
const portOffset = 5

/** @param lane moves the line aside, in a gap that several share. Pixels. */
export function lineBetween(arrangement: Arrangement, from: string, to: string, lane = 0): Line | undefined {
  const [a, b] = [arrangement.boxes.get(from), arrangement.boxes.get(to)]
  if (a === undefined || b === undefined || from === to) return undefined
  const columnOf = (id: string) => arrangement.columns.findIndex((ids) => ids.includes(id))
  const [start, end] = [columnOf(from), columnOf(to)]
  if (start === end) return besides(a, b)
  const isRightwards = end > start
  const side = (box: Box, isRight: boolean): Point => ({
    x: isRight ? box.x + box.width : box.x,
    y: box.y + box.height / 2 + (isRightwards ? -portOffset : portOffset),
  })
  const first = side(a, isRightwards)
  const last = side(b, !isRightwards)
  const step = isRightwards ? 1 : -1
  const between = arrangement.columns.slice(Math.min(start, end) + 1, Math.max(start, end))
  const passed = isRightwards ? between : between.toReversed()
  const through: Point[] = [first]
  let y = first.y
  passed.forEach((ids, index) => {
    const boxes = ids.flatMap((id) => arrangement.boxes.get(id) ?? [])
    const straight = y + (last.y - y) / (passed.length + 1 - index)
    y = nearestGap(boxes, straight, arrangement.height) + lane
    const [left, right] = [boxes[0]?.x ?? 0, (boxes[0]?.x ?? 0) + (boxes[0]?.width ?? 0)]
    through.push({ x: step > 0 ? left : right, y }, { x: step > 0 ? right : left, y })
  })
  through.push(last)
  return { path: smooth(through), through }
}

/** The middle of the gap, between two boxes of a column or outside of all, that is nearest to `y`. */
function nearestGap(boxes: readonly Box[], y: number, height: number): number {
  const sorted = [...boxes].sort((a, b) => a.y - b.y)
  const edges = sorted.map((box, index) => {
    const next = sorted[index + 1]
    return { after: box.y + box.height, before: next?.y ?? Math.max(height, box.y + box.height + margin) }
  })
  const all = [{ after: Math.max(0, (sorted[0]?.y ?? height) - 2 * margin), before: sorted[0]?.y ?? height }, ...edges]
  const clear = all.map(({ after, before }) => {
    const inset = Math.min(margin, (before - after) / 2)
    return Math.min(before - inset, Math.max(after + inset, y))
  })
  return clear.reduce((best, one) => (Math.abs(one - y) < Math.abs(best - y) ? one : best), clear[0] ?? y)
}

/** Between a line and a box that it passes, where there is room for it. Pixels. */
const margin = 9

/** Between two boxes of one column: a bow on their right. */
function besides(a: Box, b: Box): Line {
  const isDown = b.y > a.y
  const first = { x: a.x + a.width, y: a.y + a.height / 2 + (isDown ? portOffset : -portOffset) * 2 }
  const last = { x: b.x + b.width, y: b.y + b.height / 2 - (isDown ? portOffset : -portOffset) * 2 }
  const bow = Math.min(46, 18 + Math.abs(last.y - first.y) / 8)
  const path = `M${first.x} ${first.y}C${first.x + bow} ${first.y} ${last.x + bow} ${last.y} ${last.x} ${last.y}`
  return { path, through: [first, last] }
}

/** Horizontal at every point, so that the pieces join without a kink. */
function smooth(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  let { x, y } = first
  let path = `M${x} ${round(y)}`
  for (const point of rest) {
    if (point.y === y) path += `L${point.x} ${round(y)}`
    else {
      const bend = (point.x - x) / 2
      path += `C${x + bend} ${round(y)} ${point.x - bend} ${round(point.y)} ${point.x} ${round(point.y)}`
    }
    x = point.x
    y = point.y
  }
  return path
}

const round = (value: number): number => Math.round(value * 10) / 10

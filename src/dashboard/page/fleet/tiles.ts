/** Many kernels: where each tile stands, group below group. Pure. And where an arrow key leads from one box to the next. */
import type { Box } from '../../../chart/model.ts'
import type { Group } from './facts.ts'

export interface TileMeasures {
  /** Of the whole. */
  readonly width: number
  readonly tileWidth: number
  readonly tileHeight: number
  readonly gap: number
  /** Height of a group's heading. */
  readonly heading: number
}

export interface TileArrangement {
  readonly width: number
  readonly height: number
  readonly boxes: ReadonlyMap<string, Box>
  readonly groups: readonly { readonly name: string; readonly size: number; readonly box: Box }[]
}

export function arrangeTiles(groups: readonly Group[], measures: TileMeasures): TileArrangement {
  const { width, tileWidth, tileHeight, gap, heading } = measures
  const inner = width - 2 * gap
  const across = Math.max(1, Math.floor((inner + gap) / (tileWidth + gap)))
  // What is left of a row is shared out, so that the columns reach from edge to edge.
  const step = Math.floor((inner + gap) / across)
  const boxes = new Map<string, Box>()
  const placed: { name: string; size: number; box: Box }[] = []
  let top = 0
  for (const { name, ids } of groups) {
    const rows = Math.ceil(ids.length / across)
    ids.forEach((id, index) => {
      const [x, y] = [index % across, Math.floor(index / across)]
      boxes.set(id, {
        x: gap + x * step,
        y: top + heading + y * (tileHeight + gap),
        width: tileWidth,
        height: tileHeight,
      })
    })
    const height = heading + rows * (tileHeight + gap)
    placed.push({ name, size: ids.length, box: { x: 0, y: top, width, height } })
    top += height + gap
  }
  return { width, height: top, boxes, groups: placed }
}

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** Id of the nearest box in the direction of an arrow key; what lies aside counts as farther. */
export function nextBox(boxes: ReadonlyMap<string, Box>, from: string, key: string): string | undefined {
  const ids = [...boxes.keys()]
  if (key === 'Home') return ids[0]
  if (key === 'End') return ids.at(-1)
  const direction = directions[key]
  const start = boxes.get(from)
  if (direction === undefined || start === undefined) return undefined
  const middle = ({ x, y, width, height }: Box) => ({ x: x + width / 2, y: y + height / 2 })
  const here = middle(start)
  let best: { id: string; cost: number } | undefined
  for (const [id, box] of boxes) {
    const { x, y } = middle(box)
    const ahead = (x - here.x) * direction[0] + (y - here.y) * direction[1]
    if (id === from || ahead < 1) continue
    const aside = Math.abs((x - here.x) * direction[1]) + Math.abs((y - here.y) * direction[0])
    const cost = ahead + 3 * aside
    if (best === undefined || cost < best.cost) best = { id, cost }
  }
  return best?.id
}

/**
 * Where the text of each box stands: its name and its rows. A compound state's head is crossed by lines that lead into it
 * from above, so its text moves along to where none does. In the other boxes the name stands in the middle, and rows
 * begin at the left.
 */
import { type BoxText, boxTextOf, measure, nodesOf, stayingEdges } from './content.ts'
import type { Box, Chart, ChartLayout, ChartNode } from './model.ts'

export interface Head {
  readonly text: BoxText
  /** Of name and rows together, without padding: what no line and no label may cross. */
  readonly area: Box
}

/** Between a line and the text beside it. Pixels. */
const clearance = 6

/** By node id. */
export function headsOf(chart: Chart, layout: Pick<ChartLayout, 'nodes' | 'edges'>): Map<string, Head> {
  const staying = stayingEdges(chart)
  const heads = new Map<string, Head>()
  for (const node of nodesOf(chart)) {
    const box = layout.nodes[node.id]
    if (box === undefined) continue
    const text = boxTextOf(node, staying.get(node.id) ?? [])
    heads.set(node.id, { text, area: areaOf(node, box, text, layout) })
  }
  return heads
}

function areaOf(node: ChartNode, box: Box, text: BoxText, layout: Pick<ChartLayout, 'edges'>): Box {
  const whole = {
    x: box.x + measure.boxPadX,
    y: box.y + 6,
    width: box.width - 2 * measure.boxPadX,
    height: box.height - 12,
  }
  if (node.children.length === 0) return whole
  const height = text.rows.length === 0 ? text.stripHeight - 12 : text.headHeight - 6 - measure.rowsPadY
  const width = text.textWidth
  return { ...whole, x: freeAt(box, text.headHeight, width, layout), width, height }
}

/** The leftmost place that no line crosses; the usual one where there is none. */
function freeAt(box: Box, headHeight: number, width: number, { edges }: Pick<ChartLayout, 'edges'>): number {
  const start = box.x + measure.boxPadX
  const end = box.x + box.width - measure.boxPadX
  const crossed: number[] = []
  for (const { paths } of edges) {
    for (const path of paths) {
      path.forEach((point, index) => {
        const before = path[index - 1]
        if (before === undefined || Math.abs(before.x - point.x) > 0.5) return
        const [top, bottom] = [Math.min(before.y, point.y), Math.max(before.y, point.y)]
        if (bottom > box.y + 1 && top < box.y + headHeight - 1 && point.x > box.x && point.x < box.x + box.width)
          crossed.push(point.x)
      })
    }
  }
  let at = start
  for (const x of crossed.sort((a, b) => a - b)) {
    if (x - clearance >= at + width) break
    at = Math.max(at, x + clearance)
  }
  return at + width <= end + 0.5 ? at : start
}

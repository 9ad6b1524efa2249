/** What ELK answers, as a ChartLayout: absolute boxes, lines, stacks of labels; and the dots and loops that it was not asked for. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import { lineText, measure, rowsOffset } from './content.ts'
import { type Bundle, borderPoint, type LayoutPlan, loopOverhang, loopReach, type MeasuredChart } from './elk-graph.ts'
import { forkEntrance, forkNode, throughFork } from './forks.ts'
import { type Head, headsOf } from './heads.ts'
import type { Box, ChartLayout, PlacedEdge, PlacedLabel, Point } from './model.ts'

/** Around the text of a row. Pixels. */
export const rowPadX = 4

/** ELK's answer, by id. */
interface Answer {
  readonly plan: LayoutPlan
  readonly chart: MeasuredChart
  readonly boxes: ReadonlyMap<string, Box>
  readonly lines: ReadonlyMap<string, ElkExtendedEdge>
}

export function placed(graph: ElkNode, chart: MeasuredChart, plan: LayoutPlan): ChartLayout {
  const boxes = new Map<string, Box>()
  const visit = ({ id, x = 0, y = 0, width = 0, height = 0, children = [] }: ElkNode) => {
    boxes.set(id, { x, y, width, height })
    children.forEach(visit)
  }
  for (const child of graph.children ?? []) visit(child)
  const answer: Answer = { plan, chart, boxes, lines: new Map((graph.edges ?? []).map((edge) => [edge.id, edge])) }
  const nodes = Object.fromEntries([...boxes].filter(([id]) => chart.texts.has(id)))
  const edges = [
    ...chart.bundles.flatMap((bundle) => (chart.forks.has(bundle) ? forked(bundle, answer) : bundled(bundle, answer))),
    ...[...chart.loops].flatMap(([id, bundle]) => looped(bundle, nodes[id], plan)),
  ]
  const heads = headsOf(chart.chart, { nodes, edges })
  return {
    ...{ width: Math.ceil(graph.width ?? 0), height: Math.ceil(graph.height ?? 0), nodes },
    initials: initialsOf(nodes, chart, plan),
    edges: [...edges, ...[...chart.staying.keys()].flatMap((id) => staying(heads.get(id), nodes[id]))],
  }
}

function bundled(bundle: Bundle, answer: Answer): PlacedEdge[] {
  const paths = bundle.targets.map((target, index) => {
    const edge = answer.lines.get(`${bundle.id}:${index}`)
    const points = pointsOf(edge)
    // Handed in turned round.
    if (edge?.sources[0] === target) return points.reverse()
    const border = borderPoint(bundle, index)
    if (edge?.sources[0] === border) return [atBorder(points[0], bundle.source, 'head', answer), ...points.slice(1)]
    if (edge?.targets[0] === border) return [...points.slice(0, -1), atBorder(points.at(-1), target, 'foot', answer)]
    return points
  })
  const label = answer.lines.get(`${bundle.id}:0`)?.labels?.[0]
  return stacked(bundle, paths.map(withoutMiddles), { x: label?.x ?? 0, y: label?.y ?? 0 })
}

/** Drawn on to where the outer state's border is, or the strip with its name. */
function atBorder(point: Point | undefined, id: string, side: 'head' | 'foot', { boxes, chart, plan }: Answer): Point {
  const { x, y } = point ?? { x: 0, y: 0 }
  const box = boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 }
  const text = chart.texts.get(id)
  const head = (plan.aside?.has(id) === true ? text?.stripHeight : text?.headHeight) ?? 0
  if (plan.direction === 'DOWN') return { x, y: side === 'head' ? box.y + head : box.y + box.height }
  return { x: side === 'head' ? box.x : box.x + box.width, y }
}

function forked(bundle: Bundle, answer: Answer): PlacedEdge[] {
  const fork = answer.boxes.get(forkNode(bundle)) ?? { x: 0, y: 0, width: 0, height: 0 }
  const isDown = answer.plan.direction === 'DOWN'
  const line = (id: string, from: string) => {
    const edge = answer.lines.get(id)
    const points = pointsOf(edge)
    return edge?.sources[0] === from ? points : points.reverse()
  }
  const middle = { x: fork.x + fork.width / 2, y: fork.y + fork.height / 2 }
  const edge = isDown ? { ...middle, y: fork.y } : { ...middle, x: fork.x }
  const hasEntrance = answer.lines.has(forkEntrance(bundle))
  const entrance = hasEntrance
    ? line(forkEntrance(bundle), bundle.source)
    : [atBorder(edge, bundle.source, 'head', answer), edge]
  const paths = bundle.targets.map((_, index) =>
    throughFork(entrance, fork, line(`${bundle.id}:${index}`, forkNode(bundle)), isDown),
  )
  return stacked(bundle, paths.map(withoutMiddles), fork)
}

/** The labels of a bundle one below the other, each in the middle of the stack's width. */
function stacked({ members, width }: Bundle, paths: readonly (readonly Point[])[], at: Point): PlacedEdge[] {
  let y = at.y
  return members.map(({ edge, label }) => {
    const placed: PlacedLabel = {
      ...{ x: at.x + (width - label.width) / 2, y, width: label.width, height: label.height },
      lines: label.lines.map(lineText),
    }
    y += label.height + measure.stackGap
    return { id: edge.id, paths, label: placed }
  })
}

function pointsOf(edge: ElkExtendedEdge | undefined): Point[] {
  return (edge?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x, y })),
  )
}

/** Points that lie on the line between their neighbours say nothing. */
function withoutMiddles(points: readonly Point[]): Point[] {
  const kept: Point[] = []
  for (const point of points) {
    const [before, last] = [kept.at(-2), kept.at(-1)]
    if (last !== undefined && near(last.x, point.x) && near(last.y, point.y)) continue
    if (before !== undefined && last !== undefined) {
      const upright = near(before.x, last.x) && near(last.x, point.x)
      const level = near(before.y, last.y) && near(last.y, point.y)
      if (upright || level) kept.pop()
    }
    kept.push(point)
  }
  return kept
}

const near = (a: number, b: number) => Math.abs(a - b) < 0.01

function looped(bundle: Bundle, box: Box | undefined, { direction }: LayoutPlan): PlacedEdge[] {
  if (box === undefined) return []
  if (direction === 'DOWN') {
    const right = box.x + box.width
    const top = box.y + (box.height - bundle.height) / 2
    const x = right + loopReach + Math.min(bundle.width / 2, 24)
    const [from, to] = [top - loopOverhang, top + bundle.height + loopOverhang]
    const path = [
      { x: right, y: from },
      { x, y: from },
      { x, y: to },
      { x: right, y: to },
    ]
    return stacked(bundle, [path], { x: right + loopReach, y: top })
  }
  const bottom = box.y + box.height
  const left = box.x + (box.width - bundle.width) / 2
  const y = bottom + loopReach + bundle.height / 2
  const [from, to] = [left - loopOverhang, left + bundle.width + loopOverhang]
  const path = [
    { x: from, y: bottom },
    { x: from, y },
    { x: to, y },
    { x: to, y: bottom },
  ]
  return stacked(bundle, [path], { x: left, y: bottom + loopReach })
}

/** Rows inside the box of their state. */
function staying(head: Head | undefined, box: Box | undefined): PlacedEdge[] {
  if (head === undefined || box === undefined) return []
  const { text, area } = head
  return text.rows.flatMap(({ edge, lines }, index) => {
    if (edge === undefined) return []
    const y = box.y + text.stripHeight + measure.rowsPadY + rowsOffset(text.rows, index)
    const size = { width: area.width + 2 * rowPadX, height: lines.length * measure.lineHeight }
    return [{ id: edge, paths: [], label: { x: area.x - rowPadX, y, ...size, lines: lines.map(lineText) } }]
  })
}

function initialsOf(nodes: Readonly<Record<string, Box>>, chart: MeasuredChart, { direction }: LayoutPlan) {
  const initials: Record<string, { dot: Point; path: Point[] }> = {}
  for (const [target, owners] of chart.initialOf) {
    const box = nodes[target]
    if (box === undefined) continue
    const [along, apart] = [measure.initialRoom - measure.initialDot - 1, 12]
    for (const [index, owner] of owners.entries()) {
      const tip =
        direction === 'DOWN'
          ? { x: box.x, y: box.y + Math.min(box.height, measure.stripHeight) / 2 + index * apart }
          : { x: box.x + 20 + index * apart, y: box.y }
      const dot = direction === 'DOWN' ? { x: tip.x - along, y: tip.y } : { x: tip.x, y: tip.y - along }
      initials[owner] = { dot, path: [dot, tip] }
    }
  }
  return initials
}

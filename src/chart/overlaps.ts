/**
 * What is wrong with a layout, as lists with ids: labels on labels, labels on boxes, lines through boxes, through the
 * labels of others and through text, boxes on boxes. Touching is no overlap. An empty report is what a good picture has;
 * how good it is beyond that is layout.ts's to judge.
 */
import { nodesOf } from './content.ts'
import { type Head, headsOf } from './heads.ts'
import type { Box, Chart, ChartEdge, ChartLayout, ChartNode, PlacedEdge, Point } from './model.ts'

export interface Overlaps {
  /** Pairs of edge ids. */
  readonly labels: readonly (readonly [string, string])[]
  /** A label over a box that is no ancestor of its ends, over such a one's border, or over a title. */
  readonly labelsOnBoxes: readonly { readonly edge: string; readonly node: string }[]
  /** Other than those of ancestors of its ends. */
  readonly edgesThroughBoxes: readonly { readonly edge: string; readonly node: string }[]
  /** A label of another edge, unless both run along the same line. */
  readonly edgesThroughLabels: readonly { readonly edge: string; readonly label: string }[]
  /** Over the name, or a row, of a state that it leads into or out of. */
  readonly edgesThroughText: readonly { readonly edge: string; readonly node: string }[]
  /** Of which neither holds the other. */
  readonly boxes: readonly (readonly [string, string])[]
}

/** What is closer than this touches. Pixels. */
const tolerance = 0.5

interface Known {
  readonly nodes: ReadonlyMap<string, ChartNode>
  /** Ids of what a node lies in, itself included. */
  readonly ancestors: ReadonlyMap<string, ReadonlySet<string>>
  readonly edges: ReadonlyMap<string, ChartEdge>
  readonly heads: ReadonlyMap<string, Head>
}

export function overlapsOf(chart: Chart, layout: ChartLayout): Overlaps {
  const known: Known = {
    nodes: new Map(nodesOf(chart).map((node) => [node.id, node])),
    ancestors: ancestorsOf(chart.root),
    edges: new Map(chart.edges.map((edge) => [edge.id, edge])),
    heads: headsOf(chart, layout),
  }
  const boxes = Object.entries(layout.nodes)
  return {
    labels: labelPairs(layout.edges),
    labelsOnBoxes: layout.edges.flatMap((edge) => labelOnBoxes(edge, boxes, known)),
    edgesThroughBoxes: layout.edges.flatMap((edge) => throughBoxes(edge, boxes, known)),
    edgesThroughLabels: throughLabels(layout.edges),
    edgesThroughText: layout.edges.flatMap((edge) => throughText(edge, known)),
    boxes: boxPairs(boxes, known),
  }
}

/** How many there are in all. */
export function overlapCount(overlaps: Overlaps): number {
  return Object.values(overlaps).reduce((sum, list) => sum + list.length, 0)
}

function ancestorsOf(root: ChartNode): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const visit = (node: ChartNode, above: ReadonlySet<string>) => {
    const own = new Set([...above, node.id])
    found.set(node.id, own)
    for (const child of node.children) visit(child, own)
  }
  visit(root, new Set())
  return found
}

function intersect(a: Box, b: Box): boolean {
  return (
    a.x + a.width > b.x + tolerance &&
    b.x + b.width > a.x + tolerance &&
    a.y + a.height > b.y + tolerance &&
    b.y + b.height > a.y + tolerance
  )
}

function contains(outer: Box, inner: Box): boolean {
  return (
    inner.x >= outer.x - tolerance &&
    inner.y >= outer.y - tolerance &&
    inner.x + inner.width <= outer.x + outer.width + tolerance &&
    inner.y + inner.height <= outer.y + outer.height + tolerance
  )
}

/** Whether a line runs through the inside of a box. */
function crosses(path: readonly Point[], box: Box): boolean {
  return path.some((point, index) => {
    const before = path[index - 1]
    return before !== undefined && segmentCrosses(before, point, box)
  })
}

/** Any line, by cutting it at the sides of the box (Liang and Barsky). */
function segmentCrosses(a: Point, b: Point, box: Box): boolean {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  let [from, to] = [0, 1]
  const sides = [
    [-dx, a.x - (box.x + tolerance)],
    [dx, box.x + box.width - tolerance - a.x],
    [-dy, a.y - (box.y + tolerance)],
    [dy, box.y + box.height - tolerance - a.y],
  ] as const
  for (const [step, room] of sides) {
    if (step === 0) {
      if (room <= 0) return false
    } else if (step < 0) from = Math.max(from, room / step)
    else to = Math.min(to, room / step)
  }
  return from < to
}

function labelPairs(edges: readonly PlacedEdge[]): (readonly [string, string])[] {
  return edges.flatMap(({ id, label }, index) =>
    edges
      .slice(index + 1)
      .filter((other) => label !== undefined && other.label !== undefined && intersect(label, other.label))
      .map((other) => [id, other.id] as const),
  )
}

/** Ids of what the ends of an edge lie in, those of its ends included. */
function around(edge: ChartEdge | undefined, { ancestors }: Known): ReadonlySet<string> {
  if (edge === undefined) return new Set()
  return new Set([edge.source, ...edge.targets].flatMap((id) => [...(ancestors.get(id) ?? [])]))
}

function labelOnBoxes({ id, paths, label }: PlacedEdge, boxes: readonly [string, Box][], known: Known) {
  if (label === undefined) return []
  const edge = known.edges.get(id)
  const outer = around(edge, known)
  const isRow = paths.length === 0
  return boxes
    .filter(([node, box]) => {
      if (!intersect(label, box)) return isRow && node === edge?.source
      if (isRow && node === edge?.source) return !contains(box, label)
      const mayHold = outer.has(node) && (known.nodes.get(node)?.children.length ?? 0) > 0
      if (!mayHold || !contains(box, label)) return true
      const head = known.heads.get(node)
      return (
        head !== undefined &&
        (intersect(label, { ...box, height: head.text.stripHeight }) || intersect(label, head.area))
      )
    })
    .map(([node]) => ({ edge: id, node }))
}

function throughBoxes({ id, paths }: PlacedEdge, boxes: readonly [string, Box][], known: Known) {
  const edge = known.edges.get(id)
  if (edge === undefined) return []
  const ends = [edge.source, ...edge.targets]
  // Proper ancestors of an end; an end itself where another end lies in it.
  const open = new Set(ends.flatMap((end) => [...(known.ancestors.get(end) ?? [])].filter((node) => node !== end)))
  return boxes
    .filter(([node, box]) => !open.has(node) && paths.some((path) => crosses(path, box)))
    .map(([node]) => ({ edge: id, node }))
}

function throughLabels(edges: readonly PlacedEdge[]) {
  return edges.flatMap(({ id, paths }) =>
    edges
      .filter(({ id: other, label, paths: own }) => {
        if (other === id || label === undefined || own === paths) return false
        return paths.some((path) => crosses(path, label)) && JSON.stringify(own) !== JSON.stringify(paths)
      })
      .map(({ id: label }) => ({ edge: id, label })),
  )
}

function throughText({ id, paths }: PlacedEdge, { heads, nodes }: Known) {
  return [...heads]
    .filter(([node, { area }]) => {
      return (nodes.get(node)?.children.length ?? 0) > 0 && paths.some((path) => crosses(path, area))
    })
    .map(([node]) => ({ edge: id, node }))
}

function boxPairs(boxes: readonly [string, Box][], { ancestors }: Known) {
  return boxes.flatMap(([id, box], index) =>
    boxes
      .slice(index + 1)
      .filter(([other, otherBox]) => {
        if (ancestors.get(id)?.has(other)) return !contains(otherBox, box)
        if (ancestors.get(other)?.has(id)) return !contains(box, otherBox)
        return intersect(box, otherBox)
      })
      .map(([other]) => [id, other] as const),
  )
}

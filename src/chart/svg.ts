/**
 * A chart and its layout as a picture. Every state is a `<g data-node="id">`, every transition a `<g data-edge="id">`, so
 * that a page lights them by toggling the classes `active`, `traced` and `last`. It holds no script and asks for nothing;
 * what comes from the machine is escaped. Where things stand is the layout's business, their colours the stylesheet's.
 */
import { edgeText, labelOf, measure, nodesOf, rowsOffset, stayingLines, type TextLine } from './content.ts'
import { type Head, headsOf } from './heads.ts'
import type { Box, Chart, ChartEdge, ChartLayout, ChartNode, PlacedEdge } from './model.ts'
import { rowPadX } from './placement.ts'
import { arrow, escaped, gappedPaths, n, roundedPath, roundedTop, shown, textLine } from './svg-parts.ts'
import { type ChartTheme, fileStyle } from './svg-style.ts'

export interface ChartSvgOptions {
  /** `auto` follows the reader's system. Default `auto`. */
  readonly theme?: ChartTheme
  /** Ids of nodes, and of edges, that are lit. */
  readonly active?: readonly string[]
  readonly traced?: readonly string[]
  /** Accessible name. Default: the machine's id. */
  readonly title?: string
  /** For a page that brings the stylesheet (embeddedStyle) and its colours: neither is in the SVG. Default false. */
  readonly embed?: boolean
}

interface Picture {
  readonly chart: Chart
  readonly layout: ChartLayout
  readonly heads: ReadonlyMap<string, Head>
  readonly lit: (id: string) => string
}

const radius = 8

export function chartSvg(chart: Chart, layout: ChartLayout, options: ChartSvgOptions = {}): string {
  const nodes = nodesOf(chart)
  const [active, traced] = [new Set(options.active), new Set(options.traced)]
  const lit = (id: string) => `${traced.has(id) ? ' traced' : ''}${active.has(id) ? ' active' : ''}`
  const picture: Picture = { chart, layout, heads: headsOf(chart, layout), lit }
  const { width, height } = layout
  const title = options.title ?? chart.id
  const isFile = options.embed !== true
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="${n(width)}" height="${n(height)}" viewBox="0 0 ${n(width)} ${n(height)}" aria-label="${shown(title)}">`,
    `<title>${shown(title)}</title>`,
    `<desc>${shown(description(chart, nodes))}</desc>`,
    isFile ? `<style>\n${fileStyle(options.theme ?? 'auto')}\n</style>` : '',
    isFile ? `<rect class="ground" width="${n(width)}" height="${n(height)}"/>` : '',
    ...drawnNodes(chart.root, picture),
    ...drawnEdges(picture),
    '</svg>',
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function description({ edges }: Chart, nodes: readonly ChartNode[]): string {
  return `A statechart of ${nodes.length - 1} states and ${edges.length} transitions.`
}

function drawnNodes(root: ChartNode, picture: Picture): string[] {
  const drawn: string[] = []
  const visit = (node: ChartNode, parent: ChartNode | undefined) => {
    const box = picture.layout.nodes[node.id]
    const head = picture.heads.get(node.id)
    if (box !== undefined && head !== undefined) drawn.push(drawnNode(node, parent, box, head, picture))
    for (const child of node.children) visit(child, node)
  }
  visit(root, undefined)
  for (const [id, { dot, path }] of Object.entries(picture.layout.initials)) {
    drawn.push(
      `<g class="initial" data-initial="${escaped(id)}"><circle class="dot" cx="${n(dot.x)}" cy="${n(dot.y)}" r="${measure.initialDot}"/><path class="line" d="${roundedPath(path, radius, 5)}"/><path class="head" d="${arrow(path, 6)}"/></g>`,
    )
  }
  return drawn
}

function drawnNode(node: ChartNode, parent: ChartNode | undefined, box: Box, head: Head, picture: Picture): string {
  const kinds = [node.kind, parent === undefined ? 'root' : '', parent?.kind === 'parallel' ? 'region' : '']
  const classes = `node ${kinds.filter((kind) => kind !== '').join(' ')}${picture.lit(node.id)}`
  const inside = node.kind === 'history' ? historyCircle(node, box) : boxParts(node, box, head)
  const title = node.description === undefined ? node.id : `${node.id}: ${node.description}`
  return `<g class="${classes}" data-node="${escaped(node.id)}"><title>${shown(title)}</title>${inside.join('')}</g>`
}

function historyCircle(node: ChartNode, box: Box): string[] {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const text = node.history === 'deep' ? 'H*' : 'H'
  return [
    `<circle class="box" cx="${n(x)}" cy="${n(y)}" r="${n(box.width / 2)}"/>`,
    `<text class="name" x="${n(x)}" y="${n(y + 4.5)}" text-anchor="middle">${text}</text>`,
  ]
}

function boxParts(node: ChartNode, box: Box, { text, area }: Head): string[] {
  const { x, y, width, height } = box
  const hasInside = node.children.length > 0
  const parts = [rect('box', box, radius)]
  if (node.kind === 'final') {
    parts.push(rect('inner', { x: x + 3.5, y: y + 3.5, width: width - 7, height: height - 7 }, radius - 3))
  }
  if (hasInside) parts.push(`<path class="strip" d="${roundedTop(box, text.stripHeight, radius)}"/>`)
  const isTall = !hasInside && text.rows.length === 0
  const middle = y + (isTall ? height : text.stripHeight) / 2
  parts.push(
    hasInside
      ? `<text class="name" x="${n(area.x)}" y="${n(middle + 4.5)}">${shown(text.name)}</text>`
      : `<text class="name" x="${n(x + width / 2)}" y="${n(middle + 4.5)}" text-anchor="middle">${shown(text.name)}</text>`,
  )
  if (text.rows.length > 0 && !hasInside) {
    const [from, to, at] = [n(x), n(x + width), n(y + text.stripHeight)]
    if (node.kind !== 'final') parts.push(`<path class="rule" d="M${from} ${at}H${to}"/>`)
  }
  const top = y + text.stripHeight + measure.rowsPadY
  text.rows.forEach(({ edge, lines }, index) => {
    if (edge === undefined) parts.push(drawnLines(lines, area.x, top + rowsOffset(text.rows, index)))
  })
  return parts
}

function rect(name: string, { x, y, width, height }: Box, corner: number): string {
  return `<rect class="${name}" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${corner}"/>`
}

/** Lines of text from the left. */
function drawnLines(lines: readonly TextLine[], x: number, y: number): string {
  return lines.map((line, index) => textLine(line, x, y + index * measure.lineHeight)).join('')
}

function drawnEdges({ chart, layout, lit }: Picture): string[] {
  const byId = new Map(chart.edges.map((edge) => [edge.id, edge]))
  const drawn: string[] = []
  for (const group of sharing(layout.edges)) {
    const labels = group.flatMap(({ label }) => (label === undefined ? [] : [label]))
    const paths = group[0]?.paths ?? []
    // Lines that fork begin as one.
    const pieces = new Set(paths.flatMap((path) => gappedPaths(path, labels, radius)))
    const lines = [
      ...[...pieces].map((piece) => `<path class="line" d="${piece}"/>`),
      ...paths.map((path) => `<path class="head" d="${arrow(path)}"/>`),
    ]
    const isShared = group.length > 1
    // One line for all of them, under those that are lit.
    if (isShared) drawn.push(`<g class="edge" aria-hidden="true">${lines.join('')}</g>`)
    for (const placed of group) {
      const edge = byId.get(placed.id)
      if (edge !== undefined) drawn.push(drawnEdge(edge, placed, lines, isShared, lit(placed.id)))
    }
  }
  return drawn
}

/** Transitions that run along the same line. */
function sharing(edges: readonly PlacedEdge[]): PlacedEdge[][] {
  const groups = new Map<string, PlacedEdge[]>()
  for (const edge of edges) {
    const key = edge.paths.length === 0 ? edge.id : JSON.stringify(edge.paths)
    groups.set(key, [...(groups.get(key) ?? []), edge])
  }
  return [...groups.values()]
}

function drawnEdge(
  edge: ChartEdge,
  { paths, label }: PlacedEdge,
  lines: readonly string[],
  isShared: boolean,
  lit: string,
): string {
  const isStaying = paths.length === 0
  const classes = `edge ${edge.kind}${isStaying ? ' staying' : ''}${isShared ? ' shared' : ''}${lit}`
  const hit = paths.map((path) => `<path class="hit" d="${roundedPath(path, radius)}"/>`)
  const text = edge.description === undefined ? edgeText(edge) : `${edgeText(edge)}\n${edge.description}`
  return [
    `<g class="${classes}" data-edge="${escaped(edge.id)}"><title>${shown(text)}</title>`,
    ...hit,
    ...lines,
    label === undefined ? '' : isStaying ? stayingLabel(edge, label) : pill(edge, label),
    '</g>',
  ].join('')
}

function pill(edge: ChartEdge, box: Box): string {
  const { lines } = labelOf(edge)
  return rect('pill', box, 6) + drawnLines(lines, box.x + measure.labelPadX, box.y + measure.labelPadY)
}

function stayingLabel(edge: ChartEdge, box: Box): string {
  return rect('pill', box, 4) + drawnLines(stayingLines(edge), box.x + rowPadX, box.y)
}

/**
 * A chart in DOT, for Graphviz. Compound states are clusters; Graphviz draws arrows between nodes only, so each cluster
 * has a point that stands for it, and arrows to and from the cluster are cut at its border (lhead, ltail).
 */
import { edgeText, nodesOf, stayingEdges } from './content.ts'
import type { Chart, ChartEdge, ChartNode } from './model.ts'
import { nodeLines, plainIds } from './node-lines.ts'
import { withoutTurns } from './svg-parts.ts'

interface Writing {
  readonly ids: ReadonlyMap<string, string>
  readonly nodes: ReadonlyMap<string, ChartNode>
  readonly staying: ReadonlyMap<string, readonly ChartEdge[]>
  readonly lines: string[]
}

const head = [
  '  graph [compound=true, rankdir=TB, fontname="Helvetica", fontsize=12, nodesep=0.4, ranksep=0.5, style=rounded, color="#8b93a1"]',
  '  node [fontname="Helvetica", fontsize=12, shape=box, style=rounded, color="#4a5361"]',
  '  edge [fontname="Helvetica", fontsize=10, color="#4a5361"]',
]

/** Text that `dot` reads. Ends with a line feed. */
export function chartDot(chart: Chart): string {
  const nodes = nodesOf(chart)
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const writing: Writing = { ids: plainIds(nodes), nodes: byId, staying: stayingEdges(chart), lines: [] }
  writing.lines.push(`digraph ${quoted(chart.id)} {`, ...head)
  writeNode(chart.root, '  ', writing)
  for (const edge of chart.edges) writing.lines.push(...arrowsOf(edge, writing))
  return `${[...writing.lines, '}'].join('\n')}\n`
}

function writeNode(node: ChartNode, indent: string, writing: Writing): void {
  const { lines } = writing
  const own = nodeLines(node, writing.staying.get(node.id) ?? [])
  if (node.children.length === 0) {
    lines.push(`${indent}${idOf(node.id, writing)} [${leafAttributes(node, own)}]`)
    return
  }
  const inside = `${indent}  `
  lines.push(`${indent}subgraph ${clusterOf(node.id, writing)} {`)
  lines.push(`${inside}label=${htmlLabel(node.key, own)}`, `${inside}labeljust=l`)
  if (isRegion(node, writing)) lines.push(`${inside}style="rounded,dashed"`)
  const point = node.initial === undefined ? 'style=invis' : 'style=filled, fillcolor="#4a5361"'
  lines.push(`${inside}${idOf(node.id, writing)} [shape=point, width=0.12, label="", ${point}]`)
  for (const child of node.children) writeNode(child, inside, writing)
  if (node.initial !== undefined) lines.push(`${inside}${arrow(node.id, node.initial, '', writing)}`)
  lines.push(`${indent}}`)
}

function leafAttributes(node: ChartNode, own: readonly string[]): string {
  if (node.kind === 'history') {
    const sign = node.history === 'deep' ? 'H*' : 'H'
    return `shape=circle, width=0.35, fixedsize=true, label="${sign}", tooltip=${quoted(node.key)}`
  }
  return `label=${htmlLabel(node.key, own)}${node.kind === 'final' ? ', peripheries=2' : ''}`
}

/** A child of a parallel state. */
function isRegion(node: ChartNode, { nodes }: Writing): boolean {
  return [...nodes.values()].some(({ kind, children }) => kind === 'parallel' && children.includes(node))
}

function arrowsOf(edge: ChartEdge, writing: Writing): string[] {
  return edge.targets.map((target) => `  ${arrow(edge.source, target, edgeText(edge), writing)}`)
}

/** A border is named only where the other end lies beyond it: Graphviz refuses to cut an arrow at its own cluster. */
function arrow(source: string, target: string, label: string, writing: Writing): string {
  const attributes = [
    ...(label === '' ? [] : [`label=${quoted(label, ' ')}`]),
    ...(isCluster(source, writing) && !holds(source, target, writing) ? [`ltail=${clusterOf(source, writing)}`] : []),
    ...(isCluster(target, writing) && !holds(target, source, writing) ? [`lhead=${clusterOf(target, writing)}`] : []),
  ]
  return `${idOf(source, writing)} -> ${idOf(target, writing)} [${attributes.join(', ')}]`
}

function isCluster(id: string, { nodes }: Writing): boolean {
  return (nodes.get(id)?.children.length ?? 0) > 0
}

/** The first is the second, or around it. */
function holds(outer: string, inner: string, { nodes }: Writing): boolean {
  const within = (node: ChartNode | undefined): boolean =>
    node !== undefined && (node.id === inner || node.children.some(within))
  return within(nodes.get(outer))
}

function idOf(id: string, { ids }: Writing): string {
  return ids.get(id) ?? quoted(id)
}

/** Graphviz knows a cluster by the first letters of its name. */
function clusterOf(id: string, writing: Writing): string {
  return `cluster_${idOf(id, writing)}`
}

/** @param room on both sides, which keeps a label off its line. */
function quoted(text: string, room = ''): string {
  return `"${room}${oneLine(text).replace(/[\\"]/g, '\\$&')}${room}"`
}

/** The name in bold, then what the state does, in lines that begin at the left. */
function htmlLabel(name: string, own: readonly string[]): string {
  const lines = own.map((line) => `<font point-size="10">${escaped(line)}</font><br align="left"/>`)
  return `<<b>${escaped(name)}</b>${lines.length === 0 ? '' : `<br/>${lines.join('')}`}>`
}

function escaped(text: string): string {
  return oneLine(text).replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`)
}

/** Control characters would end the parse, and a line feed means nothing here. */
function oneLine(text: string): string {
  return withoutTurns(text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
}

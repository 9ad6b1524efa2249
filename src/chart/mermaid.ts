/**
 * A chart as a Mermaid state diagram, for a README or a wiki that draws them. Mermaid has no internal transitions, no
 * history and no final states with a name: the first are lines in the state, the others states with a note, and an arrow
 * to `[*]`. What a compound state does is a note beside it.
 */
import { edgeText, nodesOf, stayingEdges } from './content.ts'
import type { Chart, ChartEdge, ChartNode } from './model.ts'
import { nodeLines, plainIds } from './node-lines.ts'
import { withoutTurns } from './svg-parts.ts'

interface Writing {
  readonly ids: ReadonlyMap<string, string>
  readonly staying: ReadonlyMap<string, readonly ChartEdge[]>
  readonly lines: string[]
  /** They stand at the end: Mermaid attaches a note to a compound state only when it has seen all of it. */
  readonly notes: string[]
}

/** Mermaid 12 lays out with ELK unless it is told otherwise, and fails at an arrow from a region to a state in it. */
const head = ['---', 'config:', '  layout: dagre', '---', 'stateDiagram-v2', '  direction TB']

/** Text that `stateDiagram-v2` of Mermaid 10 and later reads. Ends with a line feed. */
export function chartMermaid(chart: Chart): string {
  const writing = { ids: plainIds(nodesOf(chart)), staying: stayingEdges(chart), lines: [], notes: [] } as Writing
  const { lines, notes } = writing
  lines.push(...head)
  const { root } = chart
  if (isBare(root, chart, writing)) {
    writeInside(root, '  ', writing)
  } else {
    writeNode(root, '  ', writing)
    lines.push(`  [*] --> ${idOf(root.id, writing)}`)
  }
  for (const edge of chart.edges) lines.push(...arrowsOf(edge, writing))
  return `${[...lines, ...notes].join('\n')}\n`
}

/** A root that has nothing of its own to show need not be a box around everything. */
function isBare(root: ChartNode, chart: Chart, { staying }: Writing): boolean {
  return (
    root.kind === 'compound' &&
    nodeLines(root, staying.get(root.id) ?? []).length === 0 &&
    !chart.edges.some(({ source, targets }) => source === root.id || targets.includes(root.id))
  )
}

function writeNode(node: ChartNode, indent: string, writing: Writing): void {
  const { lines, notes, staying } = writing
  const id = idOf(node.id, writing)
  const own = nodeLines(node, staying.get(node.id) ?? [])
  const name = node.kind === 'history' ? (node.history === 'deep' ? 'H*' : 'H') : node.key
  if (node.children.length === 0) {
    lines.push(`${indent}state "${inLabel(name)}" as ${id}`)
    for (const line of own) lines.push(`${indent}${id} : ${inLabel(line)}`)
    if (node.kind === 'final') lines.push(`${indent}${id} --> [*]`)
    if (node.kind === 'history') notes.push(...noteOf(id, [`${node.key}: ${node.history ?? 'shallow'} history`]))
    return
  }
  lines.push(`${indent}state "${inLabel(name)}" as ${id} {`)
  writeInside(node, `${indent}  `, writing)
  lines.push(`${indent}}`)
  if (own.length > 0) notes.push(...noteOf(id, own))
}

function writeInside(node: ChartNode, indent: string, writing: Writing): void {
  const { lines } = writing
  if (node.initial !== undefined) lines.push(`${indent}[*] --> ${idOf(node.initial, writing)}`)
  node.children.forEach((child, index) => {
    if (node.kind === 'parallel' && index > 0) lines.push(`${indent}--`)
    writeNode(child, indent, writing)
  })
}

function arrowsOf(edge: ChartEdge, writing: Writing): string[] {
  const source = idOf(edge.source, writing)
  return edge.targets.map((target) => `  ${source} --> ${idOf(target, writing)} : ${inLabel(edgeText(edge))}`)
}

function noteOf(id: string, lines: readonly string[]): string[] {
  return [`  note right of ${id}`, ...lines.map((line) => `    ${inLabel(line)}`), '  end note']
}

function idOf(id: string, { ids }: Writing): string {
  return ids.get(id) ?? id
}

/** Mermaid takes characters by number, so that none of its own signs is left in a text. */
function inLabel(text: string): string {
  return withoutTurns(text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/[#;:<>"{}[\]&%`\\*_~|-]/g, (sign) => `#${sign.codePointAt(0)};`)
}

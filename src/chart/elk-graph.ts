/**
 * A chart as the graph that ELK lays out. Transitions with the same source and targets travel as one edge with a stack of
 * labels. What ELK is not asked for is given room as a label outside of its state, and drawn there by placement.ts: the
 * dot of an initial state, and transitions from a state to itself.
 */
import type { ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs/lib/elk-api.js'
import { type BoxText, boxTextOf, type LabelText, labelOf, measure, nodesOf, stayingEdges } from './content.ts'
import { foldings } from './folding.ts'
import { forkEdges, forkNodes, isFork } from './forks.ts'
import type { Chart, ChartEdge, ChartNode } from './model.ts'
import { initialFirst, type Order, orderOf } from './order.ts'

/** One of the ways in which a chart is tried. */
export interface LayoutPlan {
  readonly direction: 'DOWN' | 'RIGHT'
  /** Overrides of the options below. */
  readonly options?: LayoutOptions
  /** Ids of compound states whose text stands beside what they hold, since lines from above would cross it. */
  readonly aside?: ReadonlySet<string>
}

/** Transitions that share source and targets, hence a line. */
export interface Bundle {
  readonly id: string
  readonly source: string
  readonly targets: readonly string[]
  readonly members: readonly { readonly edge: ChartEdge; readonly label: LabelText }[]
  /** Of the stack of labels. */
  readonly width: number
  readonly height: number
}

/** A chart with everything measured: the same for all plans. */
export interface MeasuredChart {
  readonly chart: Chart
  readonly nodes: readonly ChartNode[]
  readonly texts: ReadonlyMap<string, BoxText>
  readonly staying: ReadonlyMap<string, readonly ChartEdge[]>
  /** Between two states. */
  readonly bundles: readonly Bundle[]
  /** From a state to itself, by its id. */
  readonly loops: ReadonlyMap<string, Bundle>
  /** Ids of states that are the initial one of something, with the ids of what. */
  readonly initialOf: ReadonlyMap<string, readonly string[]>
  readonly order: Order
  /** Bundles with several targets. */
  readonly forks: ReadonlySet<Bundle>
}

export function measured(chart: Chart): MeasuredChart {
  const nodes = nodesOf(chart)
  const staying = stayingEdges(chart)
  const texts = new Map(nodes.map((node) => [node.id, boxTextOf(node, staying.get(node.id) ?? [])]))
  const all = bundlesOf(chart, new Set(texts.keys()))
  const loops = new Map<string, Bundle>()
  for (const bundle of all) if (isLoop(bundle)) loops.set(bundle.source, bundle)
  const initialOf = new Map<string, string[]>()
  for (const { id, initial } of nodes) {
    if (initial !== undefined && texts.has(initial)) initialOf.set(initial, [...(initialOf.get(initial) ?? []), id])
  }
  const bundles = all.filter((bundle) => !isLoop(bundle))
  return { chart, nodes, texts, staying, bundles, loops, initialOf, ...ordered(bundles, orderOf(chart.root)) }
}

function ordered(bundles: readonly Bundle[], order: Order): Pick<MeasuredChart, 'order' | 'forks'> {
  return { order, forks: new Set(bundles.filter((bundle) => isFork(bundle, order))) }
}

/** The same chart with its states side by side where they can be, in the ways that promise most. */
export function folded(whole: MeasuredChart, count: number): MeasuredChart[] {
  const { chart, texts, bundles } = whole
  const sizeOf = (id: string) => ({ width: texts.get(id)?.width ?? 0, height: texts.get(id)?.headHeight ?? 0 })
  const ties = bundles.flatMap(({ source, targets, width, height }) =>
    targets.map((target) => ({ source, target, label: { width, height } })),
  )
  const ways = foldings(chart.root, ties, sizeOf, count)
  return ways.map((ranks) => ({ ...whole, ...ordered(bundles, orderOf(chart.root, ranks)) }))
}

const isLoop = ({ source, targets }: Bundle) => targets.length === 1 && targets[0] === source

function bundlesOf(chart: Chart, known: ReadonlySet<string>): Bundle[] {
  const groups = new Map<string, ChartEdge[]>()
  for (const edge of chart.edges) {
    if (edge.targets.length === 0 || ![edge.source, ...edge.targets].every((id) => known.has(id))) continue
    const key = JSON.stringify([edge.source, edge.targets])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [edge])
    else group.push(edge)
  }
  return [...groups.values()].map((edges, index) => {
    const members = edges.map((edge) => ({ edge, label: labelOf(edge) }))
    const [first] = edges as [ChartEdge]
    return {
      ...{ id: `b${index}`, source: first.source, targets: first.targets, members },
      width: Math.max(...members.map(({ label }) => label.width)),
      height: members.reduce((sum, { label }) => sum + label.height + measure.stackGap, -measure.stackGap),
    }
  })
}

/** Room beside a state for a transition to itself: from its border out, along the labels and back. Pixels. */
export const loopReach = 16
export const loopOverhang = 7

const common: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.spacing.nodeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeNodeBetweenLayers': '10',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '9',
  'elk.spacing.nodeNode': '24',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelNode': '0',
  'elk.alignment': 'TOP',
}

export function elkGraph(plan: LayoutPlan, chart: MeasuredChart): ElkNode {
  const options = { ...common, 'elk.direction': plan.direction, ...plan.options }
  return {
    id: '',
    layoutOptions: { ...options, 'elk.padding': '[top=8,left=8,bottom=8,right=8]' },
    children: [elkNode(chart.chart.root, chart, plan, options)],
    edges: chart.bundles.flatMap((bundle) =>
      chart.forks.has(bundle) ? forkEdges(bundle, chart.order) : elkEdges(bundle, chart.order),
    ),
  }
}

function elkNode(node: ChartNode, chart: MeasuredChart, plan: LayoutPlan, options: LayoutOptions): ElkNode {
  const text = chart.texts.get(node.id)
  const labels = outside(node, chart, plan)
  const loop = chart.loops.get(node.id)
  const minHeight = loop === undefined || plan.direction === 'RIGHT' ? 0 : loop.height + 2 * loopOverhang + 10
  const minWidth = loop === undefined || plan.direction === 'DOWN' ? 0 : loop.width + 2 * loopOverhang + 10
  if (node.kind === 'history') {
    const size = measure.historyRadius * 2
    return { id: node.id, width: size, height: size, labels }
  }
  const width = Math.max(text?.width ?? 0, minWidth)
  const height = Math.max(text?.headHeight ?? 0, minHeight)
  if (node.children.length === 0) return { id: node.id, width, height, labels }
  const isAside = plan.aside?.has(node.id) === true
  const top = (isAside ? text?.stripHeight : text?.headHeight) ?? 0
  const left = isAside ? (text?.textWidth ?? 0) + measure.boxPadX + 4 : 0
  return {
    id: node.id,
    labels,
    layoutOptions: {
      ...options,
      'elk.padding': `[top=${top + 16},left=${left + 18},bottom=18,right=18]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      // ELK lays out to the right, and turns the picture round with all but this in it.
      'elk.nodeSize.minimum': plan.direction === 'DOWN' ? `(${height},${width})` : `(${width},${height})`,
    },
    children: [
      ...initialFirst(node).map((child) => elkNode(child, chart, plan, options)),
      ...borderPoints(node, chart),
      ...forkNodes(node.id, [...chart.forks], chart.order),
    ],
  }
}

function borderPoints(node: ChartNode, { bundles, forks, order }: MeasuredChart): ElkNode[] {
  const plain = bundles.filter((bundle) => !forks.has(bundle))
  return plain.flatMap((bundle) =>
    bundle.targets.flatMap((target, index) => {
      const relation = order.relation(bundle.source, target)
      const id = borderPoint(bundle, index)
      const layer = (constraint: string) => ({ 'elk.layered.layering.layerConstraint': constraint })
      if (relation === 'inward' && bundle.source === node.id)
        return [{ id, width: 2, height: 2, layoutOptions: layer('FIRST') }]
      if (relation === 'outward' && target === node.id)
        return [{ id, width: 2, height: 2, layoutOptions: layer('LAST') }]
      return []
    }),
  )
}

/** Labels that keep room free beside a state. */
function outside(node: ChartNode, chart: MeasuredChart, plan: LayoutPlan): NonNullable<ElkNode['labels']> {
  const isDown = plan.direction === 'DOWN'
  const labels: NonNullable<ElkNode['labels']> = []
  if (chart.initialOf.has(node.id)) {
    const [width, height] = isDown ? [measure.initialRoom, 10] : [10, measure.initialRoom]
    labels.push(reserve(`${node.id}:initial`, width, height, isDown ? 'H_LEFT V_CENTER' : 'H_CENTER V_TOP'))
  }
  const loop = chart.loops.get(node.id)
  if (loop !== undefined) {
    const width = loop.width + (isDown ? loopReach : 2 * loopOverhang)
    const height = loop.height + (isDown ? 2 * loopOverhang : loopReach)
    labels.push(reserve(`${node.id}:loop`, width, height, isDown ? 'H_RIGHT V_CENTER' : 'H_CENTER V_BOTTOM'))
  }
  return labels
}

function reserve(id: string, width: number, height: number, where: string) {
  return { id, text: ' ', width, height, layoutOptions: { 'elk.nodeLabels.placement': `OUTSIDE ${where}` } }
}

/**
 * Transitions between a state and what it holds begin, or end, at the border's inside. ELK orders no layer where it is
 * asked for that, so a point of their own inside of the outer state stands for its border.
 */
export const borderPoint = (bundle: Bundle, index: number): string => `${bundle.id}:${index}:border`

function elkEdges(bundle: Bundle, order: Order): ElkExtendedEdge[] {
  const { id, source, targets, width, height } = bundle
  return targets.map((target, index) => {
    const relation = order.relation(source, target)
    const border = borderPoint(bundle, index)
    const ends = {
      ...{ forward: [source, target], backward: [target, source] },
      ...{ inward: [border, target], outward: [source, border] },
    }
    const [from = source, to = target] = ends[relation]
    // Several targets that cannot fork: one label, on the line to the first.
    const label = { id: `${id}:label`, text: ' ', width, height, layoutOptions: { 'elk.edgeLabels.inline': 'true' } }
    return { id: `${id}:${index}`, sources: [from], targets: [to], labels: index > 0 ? [] : [label] }
  })
}

/**
 * A walk along a chart: from state to state over transitions that a reader picks. Where it is follows XState's rules
 * (parallel regions, history, what is left and entered), but nothing is run: every guard is the reader's to decide, and
 * actions and actors do nothing. Its functions also run in the HTML export, which takes their text (walkSource), so none
 * may use anything but the others.
 */
import type { Chart, ChartEdge, ChartNode } from './model.ts'

export interface Walk {
  /** Ids of nodes, parents first. */
  active(): string[]
  /** Ids of edges that lead on from here, those of the innermost states first; none when it has ended. */
  open(): string[]
  /** False: that edge does not lead on from here. */
  take(edge: string): boolean
  /** Ids of the edges so far. */
  path(): string[]
  /** False at the start. */
  back(): boolean
}

interface WalkMap {
  readonly nodes: ReadonlyMap<string, ChartNode>
  readonly parents: ReadonlyMap<string, string>
  readonly edges: ReadonlyMap<string, ChartEdge>
  readonly root: string
}

interface Place {
  readonly active: ReadonlySet<string>
  /** What was active below a node when it was left. */
  readonly left: ReadonlyMap<string, readonly string[]>
}

export function walkOf(chart: Chart): Walk {
  const map = walkMapOf(chart)
  const steps: { edge: string; place: Place }[] = []
  const start: Place = { active: completed(new Set(), map), left: new Map() }
  const here = () => steps.at(-1)?.place ?? start
  const open = () => {
    const { active } = here()
    if (hasEnded(chart.root, active)) return []
    const leads = ({ source }: ChartEdge) => active.has(source)
    // What the innermost state says comes first, as for XState.
    const depth = ({ source }: ChartEdge) => lineOf(source, map).length
    const found = chart.edges.filter((edge) => leads(edge) && mayBeDone(edge, active, map))
    return found.sort((a, b) => depth(b) - depth(a)).map(({ id }) => id)
  }
  return {
    active: () => [...map.nodes.keys()].filter((id) => here().active.has(id)),
    open,
    take(id) {
      const edge = map.edges.get(id)
      if (edge === undefined || !open().includes(id)) return false
      steps.push({ edge: id, place: afterEdge(edge, here(), map) })
      return true
    },
    path: () => steps.map(({ edge }) => edge),
    back: () => steps.pop() !== undefined,
  }
}

function walkMapOf(chart: Chart): WalkMap {
  const nodes = new Map<string, ChartNode>()
  const parents = new Map<string, string>()
  const visit = (node: ChartNode) => {
    nodes.set(node.id, node)
    for (const child of node.children) {
      parents.set(child.id, node.id)
      visit(child)
    }
  }
  visit(chart.root)
  return { nodes, parents, edges: new Map(chart.edges.map((edge) => [edge.id, edge])), root: chart.root.id }
}

/** From the node itself up to the root. */
function lineOf(id: string, map: WalkMap): string[] {
  const line: string[] = []
  for (let at: string | undefined = id; at !== undefined; at = map.parents.get(at)) line.push(at)
  return line
}

/** A final state of its own is reached, or every region's. */
function hasEnded(node: ChartNode, active: ReadonlySet<string>): boolean {
  const { kind, children } = node
  if (kind === 'parallel') return children.every((child) => child.kind === 'history' || hasEnded(child, active))
  return children.some((child) => child.kind === 'final' && active.has(child.id))
}

/** Only what has ended is done; when an actor is, the reader decides. */
function mayBeDone({ id, source }: ChartEdge, active: ReadonlySet<string>, map: WalkMap): boolean {
  const node = map.nodes.get(source)
  return !id.startsWith(`${source}|xstate.done.state.`) || (node !== undefined && hasEnded(node, active))
}

function afterEdge(edge: ChartEdge, from: Place, map: WalkMap): Place {
  if (edge.targets.length === 0) return from
  const domain = domainOf(edge, map)
  const isLeft = (id: string) => domain === undefined || (id !== domain && lineOf(id, map).includes(domain))
  const active = new Set([...from.active].filter((id) => !isLeft(id)))
  const left = new Map(from.left)
  for (const id of from.active) {
    const below = [...from.active].filter((other) => other !== id && lineOf(other, map).includes(id))
    if (below.some(isLeft)) left.set(id, below)
  }
  for (const target of edge.targets.flatMap((id) => enteredBy(id, left, map))) {
    for (const id of lineOf(target, map)) active.add(id)
  }
  return { active: completed(active, map), left }
}

/** What is not left: as in XState, the source itself where it only goes deeper; else what holds source and targets. */
function domainOf({ source, targets, reenter }: ChartEdge, map: WalkMap): string | undefined {
  const lines = targets.map((id) => lineOf(id, map))
  if (!reenter && lines.every((line) => line.includes(source))) return source
  const above = lineOf(source, map).slice(1)
  const shared = above.find((id) => lines.every((line) => line.slice(1).includes(id)))
  return shared ?? (reenter ? undefined : map.root)
}

/** A history node stands for what was left, or for where it leads the first time. */
function enteredBy(id: string, left: ReadonlyMap<string, readonly string[]>, map: WalkMap): string[] {
  const node = map.nodes.get(id)
  if (node?.kind !== 'history') return [id]
  const parent = map.parents.get(id) ?? map.root
  const remembered = left.get(parent)
  if (remembered !== undefined) {
    return node.history === 'deep' ? [...remembered] : remembered.filter((other) => map.parents.get(other) === parent)
  }
  const byDefault = map.edges.get(`${id}|default|0`)
  return byDefault === undefined ? [parent] : [...byDefault.targets]
}

/** With what is entered by itself: the initial state of a compound one, every region of a parallel one. */
function completed(from: ReadonlySet<string>, map: WalkMap): Set<string> {
  const active = new Set(from)
  const visit = (id: string) => {
    active.add(id)
    const node = map.nodes.get(id)
    const children = node?.children.filter(({ kind }) => kind !== 'history') ?? []
    const entered = node?.kind === 'parallel' ? children : children.filter((child) => active.has(child.id))
    if (node?.kind === 'compound' && entered.length === 0 && node.initial !== undefined) visit(node.initial)
    for (const child of entered) visit(child.id)
  }
  visit(map.root)
  return active
}

/** The text of walkOf and of what it needs, as JavaScript. */
export function walkSource(): string {
  return [walkOf, walkMapOf, lineOf, hasEnded, mayBeDone, afterEdge, domainOf, enteredBy, completed].join('\n')
}

/**
 * A chart as one looks things up in it: who contains whom, what leads out of where, which nodes a dotted state lights.
 * Pure. It knows nothing of time and nothing of drawing.
 */
import type { Chart, ChartEdge, ChartNode } from '../../../chart/model.ts'

export class ChartMap {
  readonly chart: Chart
  readonly nodes: ReadonlyMap<string, ChartNode>
  readonly edges: ReadonlyMap<string, ChartEdge>
  readonly #parents = new Map<string, string>()
  readonly #out = new Map<string, ChartEdge[]>()

  constructor(chart: Chart) {
    this.chart = chart
    const nodes = new Map<string, ChartNode>()
    const visit = (node: ChartNode) => {
      nodes.set(node.id, node)
      for (const child of node.children) {
        this.#parents.set(child.id, node.id)
        visit(child)
      }
    }
    visit(chart.root)
    this.nodes = nodes
    this.edges = new Map(chart.edges.map((edge) => [edge.id, edge]))
    for (const edge of chart.edges) {
      const out = this.#out.get(edge.source)
      if (out === undefined) this.#out.set(edge.source, [edge])
      else out.push(edge)
    }
  }

  /** The node and all that contain it, innermost first; nothing for an unknown id. */
  lineOf(id: string): string[] {
    const line: string[] = []
    for (let at: string | undefined = this.nodes.has(id) ? id : undefined; at !== undefined; at = this.#parents.get(at))
      line.push(at)
    return line
  }

  /** With all that contain them, each once. */
  withAncestors(ids: Iterable<string>): Set<string> {
    const all = new Set<string>()
    for (const id of ids) for (const one of this.lineOf(id)) all.add(one)
    return all
  }

  /**
   * Ids of the nodes of a dotted state (`running.steady`; of parallel ones several, apart by a space). A state that the
   * chart does not have, such as one of an older version in the journal, lights what is known of its path.
   */
  nodesOf(state: string): string[] {
    const found: string[] = []
    for (const path of state.split(' ')) {
      const keys = path.split('.')
      while (keys.length > 0 && !this.nodes.has(`${this.chart.root.id}.${keys.join('.')}`)) keys.pop()
      if (keys.length > 0) found.push(`${this.chart.root.id}.${keys.join('.')}`)
    }
    return found
  }

  /** Of these nodes the ones that contain none of the others. */
  leavesOf(active: ReadonlySet<string>): string[] {
    const inner = new Set<string>()
    for (const id of active) {
      const parent = this.#parents.get(id)
      if (parent !== undefined) inner.add(parent)
    }
    return [...active].filter((id) => !inner.has(id))
  }

  /** Transitions out of one node, as the machine tries them. */
  edgesOut(id: string): readonly ChartEdge[] {
    return this.#out.get(id) ?? []
  }

  /** What can happen while these are active: innermost first, as a machine looks for it. */
  possible(active: Iterable<string>): ChartEdge[] {
    const seen = new Set<string>()
    const found: ChartEdge[] = []
    for (const id of active) {
      for (const one of this.lineOf(id)) {
        if (seen.has(one)) continue
        seen.add(one)
        found.push(...this.edgesOut(one))
      }
    }
    return found
  }

  /** Path below the machine: `running.steady`; the machine's own id for its root. */
  nameOf(id: string): string {
    const root = this.chart.root.id
    return id.startsWith(`${root}.`) ? id.slice(root.length + 1) : id
  }
}

/**
 * A statechart as plain data: what a drawing needs to know of a machine, and nothing that runs. It crosses threads and
 * the wire as it is. Ids are XState's own: a node's is its path (`instance.running.steady`), an edge's is
 * `<source>|<descriptor>|<index>`, index counting the transitions of that source with that descriptor.
 */
export interface Chart {
  /** Of the machine. */
  readonly id: string
  readonly root: ChartNode
  readonly edges: readonly ChartEdge[]
}

export type ChartNodeKind = 'atomic' | 'compound' | 'parallel' | 'final' | 'history'

export interface ChartNode {
  readonly id: string
  readonly key: string
  readonly kind: ChartNodeKind
  /** Of a history node. */
  readonly history?: 'shallow' | 'deep'
  /** Id of the node that is entered with this one; of compound nodes. */
  readonly initial?: string
  readonly children: readonly ChartNode[]
  /** Names of actions; those that XState adds itself are left out. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  readonly invokes: readonly { readonly id: string; readonly src: string }[]
  /** Actors that an action of this node, or of an edge out of it, spawns: as far as it can be read. */
  readonly spawns: readonly string[]
  readonly tags: readonly string[]
  readonly description?: string
}

/** after: a delay. done, error: of an invoked actor or of the node's own final state. wildcard: `*`, `mouse.*`. */
export type ChartEdgeKind = 'event' | 'after' | 'always' | 'done' | 'error' | 'wildcard'

export interface ChartEdge {
  readonly id: string
  readonly source: string
  /** Ids of nodes; none: it stays where it is, and only its actions run. */
  readonly targets: readonly string[]
  readonly kind: ChartEdgeKind
  /** As a person reads it: `CRASHED`, `after backoff`, `always`, `done: fetchUser`. */
  readonly event: string
  /** Of `after`: milliseconds, or the delay's name. */
  readonly delay?: string | number
  readonly guard?: string
  readonly actions: readonly string[]
  /** The source is left and entered again. */
  readonly reenter: boolean
  readonly description?: string
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box extends Point {
  readonly width: number
  readonly height: number
}

/** Where everything is. Pixels at scale 1, from the top left corner of the whole. */
export interface ChartLayout {
  readonly width: number
  readonly height: number
  /** By node id. */
  readonly nodes: Readonly<Record<string, Box>>
  /** The dot and the arrow to each initial state, by the id of the node that it is the initial state of. */
  readonly initials: Readonly<Record<string, { readonly dot: Point; readonly path: readonly Point[] }>>
  readonly edges: readonly PlacedEdge[]
}

export interface PlacedEdge {
  /** Of the chart's edge. */
  readonly id: string
  /** A polyline for each target; the last point is the arrow's tip. */
  readonly paths: readonly (readonly Point[])[]
  readonly label?: PlacedLabel
}

export interface PlacedLabel extends Box {
  readonly lines: readonly string[]
}

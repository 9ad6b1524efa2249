/**
 * Where a thread spent its time: a CPU profile of V8 as one tree of functions, the same function under the same callers
 * taken together, and as bars to be drawn from the top down. Pure. What is too small to be seen is left out and counted.
 */

/** own: the kernel's files. runtime: what runs it. engine: of V8 itself, such as its garbage collector. */
export type FlameKind = 'own' | 'package' | 'node' | 'runtime' | 'engine'

export interface FlameNode {
  readonly name: string
  readonly kind: FlameKind
  /** URL; absent of what is in no file. */
  readonly file?: string
  /** From 1. */
  readonly line?: number
  /** Milliseconds in it, and in it with what it called. */
  readonly selfMs: number
  readonly totalMs: number
  /** Longest first. */
  readonly children: readonly FlameNode[]
}

export interface Flame {
  readonly totalMs: number
  readonly samples: number
  readonly roots: readonly FlameNode[]
  /** Functions that are too small, too deep or too many to be shown. */
  readonly leftOut: number
  readonly hottest: readonly FlameFunction[]
}

/** One function, wherever it was called from. */
export interface FlameFunction extends Omit<FlameNode, 'children'> {}

export interface FlameOptions {
  /** The kernel's own files. */
  readonly isOwn: (url: string) => boolean
  readonly maxNodes: number
  readonly maxDepth: number
  /** Of the whole; smaller ones are left out. */
  readonly minShare: number
  readonly hottest: number
}

interface Frame {
  readonly name: string
  readonly file: string
  readonly line: number
}

interface Raw {
  readonly frame: Frame
  readonly children: readonly number[]
  selfMs: number
}

/** @returns undefined where it is no profile that can be read, or nothing was seen in it. */
export function flameOf(profile: unknown, options: FlameOptions): Flame | undefined {
  const raw = readNodes(profile)
  if (raw === undefined) return undefined
  const samples = spread(profile, raw)
  const childIds = new Set([...raw.values()].flatMap(({ children }) => children))
  const top = [...raw.keys()].filter((id) => !childIds.has(id))
  const merged = merge(raw, top)
  // The root is V8's own and says nothing.
  const roots = merged.flatMap((node) => (node.frame.name === '(root)' ? [...node.children.values()] : [node]))
  const totalMs = roots.reduce((sum, node) => sum + node.totalMs, 0)
  if (totalMs <= 0) return undefined
  const shown = prune(roots, totalMs, options)
  return { totalMs, samples, roots: shown.nodes, leftOut: shown.leftOut, hottest: hottestOf(raw, roots, options) }
}

function readNodes(profile: unknown): Map<number, Raw> | undefined {
  const nodes = entry(profile, 'nodes')
  if (!Array.isArray(nodes)) return undefined
  const found = new Map<number, Raw>()
  for (const node of nodes) {
    const [id, callFrame, children] = [entry(node, 'id'), entry(node, 'callFrame'), entry(node, 'children')]
    if (typeof id !== 'number') return undefined
    found.set(id, {
      frame: {
        name: text(entry(callFrame, 'functionName')) || '(anonymous)',
        file: text(entry(callFrame, 'url')),
        line: number(entry(callFrame, 'lineNumber'), -1) + 1,
      },
      children: Array.isArray(children) ? children.filter((child) => typeof child === 'number') : [],
      selfMs: 0,
    })
  }
  return found.size === 0 ? undefined : found
}

/** Gives each node the time of its samples; where those are missing, its hits of a millisecond. How many there were. */
function spread(profile: unknown, raw: ReadonlyMap<number, Raw>): number {
  const [samples, deltas, nodes] = [entry(profile, 'samples'), entry(profile, 'timeDeltas'), entry(profile, 'nodes')]
  if (Array.isArray(samples) && Array.isArray(deltas)) {
    samples.forEach((id, index) => {
      const node = raw.get(id)
      // The time until the next sample is this one's; a clock that steps back counts as none.
      if (node !== undefined) node.selfMs += Math.max(0, number(deltas[index + 1], 0)) / 1000
    })
    return samples.length
  }
  let hits = 0
  for (const node of Array.isArray(nodes) ? nodes : []) {
    const known = raw.get(number(entry(node, 'id'), -1))
    if (known === undefined) continue
    known.selfMs = number(entry(node, 'hitCount'), 0)
    hits += known.selfMs
  }
  return hits
}

interface Merged {
  readonly frame: Frame
  selfMs: number
  totalMs: number
  readonly children: Map<string, Merged>
}

const keyOf = ({ name, file, line }: Frame): string => `${name}\n${file}\n${line}`

/** Without recursion: a stack of ten thousand calls must not overflow this one. */
function merge(raw: ReadonlyMap<number, Raw>, top: readonly number[]): Merged[] {
  const roots = new Map<string, Merged>()
  const order: { node: Merged; parent: Merged | undefined }[] = []
  const seen = new Set<number>()
  const pending = top.map((id): { id: number; into: Map<string, Merged>; parent: Merged | undefined } => ({
    ...{ id, into: roots, parent: undefined },
  }))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { id, into, parent } = next
    const from = raw.get(id)
    // Seen twice: no tree, but a file that somebody has edited.
    if (from === undefined || seen.has(id)) continue
    seen.add(id)
    const key = keyOf(from.frame)
    let node = into.get(key)
    if (node === undefined) {
      node = { frame: from.frame, selfMs: 0, totalMs: 0, children: new Map() }
      into.set(key, node)
      order.push({ node, parent })
    }
    node.selfMs += from.selfMs
    const { children } = node
    for (const child of from.children) pending.push({ id: child, into: children, parent: node })
  }
  // Callers come before what they call, so the other way round every total is complete when it is passed on.
  for (const { node, parent } of order.toReversed()) {
    node.totalMs += node.selfMs
    if (parent !== undefined) parent.totalMs += node.totalMs
  }
  return [...roots.values()]
}

function prune(
  roots: readonly Merged[],
  totalMs: number,
  { maxNodes, maxDepth, minShare, isOwn }: FlameOptions,
): { nodes: FlameNode[]; leftOut: number } {
  const leastMs = totalMs * minShare
  let leftOut = 0
  // The largest of all levels first, so that what is left out is what matters least.
  const all: { node: Merged; depth: number }[] = roots.map((node) => ({ node, depth: 1 }))
  for (let index = 0; index < all.length; index += 1) {
    const { node, depth } = all[index] as { node: Merged; depth: number }
    for (const child of node.children.values()) all.push({ node: child, depth: depth + 1 })
  }
  const fits = all.filter(({ node, depth }) => node.totalMs >= leastMs && node.totalMs > 0 && depth <= maxDepth)
  const kept = new Set(
    fits
      .toSorted((a, b) => b.node.totalMs - a.node.totalMs || a.depth - b.depth)
      .slice(0, maxNodes)
      .map(({ node }) => node),
  )
  leftOut = all.length - kept.size
  const shape = (node: Merged): FlameNode => ({ ...facts(node, isOwn), children: shapes([...node.children.values()]) })
  const shapes = (nodes: readonly Merged[]): FlameNode[] =>
    nodes
      .filter((node) => kept.has(node))
      .toSorted((a, b) => b.totalMs - a.totalMs)
      .map(shape)
  return { nodes: shapes(roots), leftOut }
}

function facts(
  { frame, selfMs, totalMs }: Pick<Merged, 'frame' | 'selfMs' | 'totalMs'>,
  isOwn: (url: string) => boolean,
): FlameFunction {
  const { name, file, line } = frame
  return {
    ...{ name, kind: kindOf(frame, isOwn) },
    ...(file !== '' && { file }),
    ...(file !== '' && line > 0 && { line }),
    ...{ selfMs: rounded(selfMs), totalMs: rounded(totalMs) },
  }
}

function kindOf({ name, file }: Frame, isOwn: (url: string) => boolean): FlameKind {
  if (file === '') return name.startsWith('(') && name !== '(anonymous)' ? 'engine' : 'node'
  if (isOwn(file)) return 'own'
  if (file.startsWith('node:')) return 'node'
  return file.includes('/node_modules/') ? 'package' : 'runtime'
}

/** By time in the function itself; the total of a function that calls itself is counted once. */
function hottestOf(raw: ReadonlyMap<number, Raw>, roots: readonly Merged[], options: FlameOptions): FlameFunction[] {
  const byKey = new Map<string, { frame: Frame; selfMs: number; totalMs: number }>()
  for (const { frame, selfMs } of raw.values()) {
    const known = byKey.get(keyOf(frame)) ?? { frame, selfMs: 0, totalMs: 0 }
    known.selfMs += selfMs
    byKey.set(keyOf(frame), known)
  }
  // Callers of the node that is looked at, by how often they are there.
  const above = new Map<string, number>()
  const pending = roots.map((node) => ({ node, isLeft: false }))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, isLeft } = next
    const key = keyOf(node.frame)
    const times = above.get(key) ?? 0
    if (isLeft) {
      above.set(key, times - 1)
      continue
    }
    const known = byKey.get(key)
    if (known !== undefined && times === 0) known.totalMs += node.totalMs
    above.set(key, times + 1)
    pending.push({ node, isLeft: true })
    for (const child of node.children.values()) pending.push({ node: child, isLeft: false })
  }
  return [...byKey.values()]
    .filter(({ selfMs }) => selfMs > 0)
    .toSorted((a, b) => b.selfMs - a.selfMs)
    .slice(0, options.hottest)
    .map((one) => facts(one, options.isOwn))
}

export interface FlameBar {
  readonly node: FlameNode
  /** 0 at the top. */
  readonly depth: number
  /** Of the whole width, 0 to 1. */
  readonly x: number
  readonly width: number
  /** Indices of bars; -1: none. */
  readonly parent: number
}

/** Callers above what they call, each as wide as its time. In the order of reading: from above, from the left. */
export function flameBars({ roots, totalMs }: Pick<Flame, 'roots' | 'totalMs'>): FlameBar[] {
  const bars: FlameBar[] = []
  const place = (nodes: readonly FlameNode[], x: number, depth: number, parent: number) => {
    let at = x
    for (const node of nodes) {
      const width = node.totalMs / totalMs
      bars.push({ node, depth, x: at, width, parent })
      place(node.children, at, depth + 1, bars.length - 1)
      at += width
    }
  }
  place(roots, 0, 0, -1)
  return bars
}

function entry(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 500) : '')
const number = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise
const rounded = (ms: number): number => Math.round(ms * 100) / 100

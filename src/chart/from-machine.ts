/**
 * A machine of XState v5 as a chart: read by shape, run never. Left out: `meta`, the output of final states, and the
 * actions of an initial transition, for which a chart has no place.
 */
import {
  asMachine,
  historyDefaults,
  isObject,
  type MachineShape,
  type NodeShape,
  type NumberedTransition,
  nodesOf,
  transitionsOf,
} from './machine-shape.ts'
import type { Chart, ChartEdge, ChartEdgeKind, ChartNode } from './model.ts'
import { actionNames, delayText, guardName, sourceName } from './naming.ts'
import { spawnsOf } from './spawning.ts'

/**
 * @param machine What `createMachine()` of any copy of XState v5 returns.
 * @throws LazaretError MACHINE_INVALID.
 */
export function chartOf(machine: unknown): Chart {
  const shape = asMachine(machine)
  const edges: ChartEdge[] = []
  const root = toNode(shape.root, undefined, shape, edges)
  return { id: shape.id, root, edges }
}

/**
 * Edge ids of a machine's transition definitions, by identity: those that `@xstate.microstep` inspection events list as
 * `_transitions`. A copy made by `provide()` has definitions of its own, so give the machine that runs (`actor.logic`).
 * @throws LazaretError MACHINE_INVALID.
 */
export function edgeIdsOf(machine: unknown): ReadonlyMap<object, string> {
  const ids = new Map<object, string>()
  for (const node of nodesOf(asMachine(machine).root)) {
    for (const { id, transition } of transitionsOf(node)) ids.set(transition, id)
  }
  return ids
}

/** Nodes and edges come in the machine's own order, a node's edges before its children's. */
function toNode(node: NodeShape, parent: NodeShape | undefined, machine: MachineShape, edges: ChartEdge[]): ChartNode {
  const invokes = invokesOf(node)
  for (const numbered of transitionsOf(node)) edges.push(toEdge(numbered, node, invokes, machine))
  if (node.type === 'history' && parent !== undefined) edges.push(...defaultEdges(node, parent, machine))
  const initial = node.type === 'compound' ? node.initial?.target?.[0]?.id : undefined
  return {
    id: node.id,
    key: node.key,
    kind: node.type,
    ...(node.type === 'history' && { history: node.history === 'deep' ? 'deep' : 'shallow' }),
    ...(initial !== undefined && { initial }),
    children: Object.values(node.states).map((child) => toNode(child, node, machine, edges)),
    entry: actionNames(node.entry),
    exit: actionNames(node.exit),
    invokes,
    spawns: spawnsOf(node, machine),
    tags: [...node.tags],
    ...(node.description !== undefined && { description: node.description }),
  }
}

/** The sources of actors written in place are behind the names that XState made up for them, in the configuration. */
function invokesOf(node: NodeShape): { id: string; src: string }[] {
  const { invoke } = node.config
  const written: unknown[] = invoke === undefined ? [] : Array.isArray(invoke) ? invoke : [invoke]
  return node.invoke.map(({ id, src }, index) => {
    const own = written[index]
    return { id, src: sourceName(isObject(own) && 'src' in own ? own.src : (own ?? src)) }
  })
}

/** As in UML: an arrow from the history state to where it leads the first time. */
function defaultEdges(node: NodeShape, parent: NodeShape, machine: MachineShape): ChartEdge[] {
  const targets = historyDefaults(node, parent, machine).map(({ id }) => id)
  if (targets.length === 0) return []
  const id = `${node.id}|default|0`
  return [{ id, source: node.id, targets, kind: 'always', event: 'default', actions: [], reenter: false }]
}

function toEdge(
  { id, descriptor, transition }: NumberedTransition,
  source: NodeShape,
  invokes: ChartNode['invokes'],
  machine: MachineShape,
): ChartEdge {
  const { delay, guard, description } = transition
  return {
    id,
    source: source.id,
    targets: (transition.target ?? []).map((target) => target.id),
    ...(delay === undefined ? eventOf(descriptor, source, invokes) : afterOf(delay, machine)),
    ...(guard !== undefined && { guard: guardName(guard) }),
    actions: actionNames(transition.actions),
    reenter: transition.reenter === true,
    ...(description !== undefined && { description }),
  }
}

function afterOf(delay: number | string, machine: MachineShape): Pick<ChartEdge, 'kind' | 'event' | 'delay'> {
  const delays = machine.implementations?.delays ?? {}
  const known = typeof delay === 'string' && Object.hasOwn(delays, delay) ? delays[delay] : undefined
  const figure = typeof known === 'number' ? ` (${delayText(known)})` : ''
  return { kind: 'after', event: `after ${delayText(delay)}${figure}`, delay }
}

/** XState's own descriptors, and what a person calls them. */
const ownDescriptors: readonly { prefix: string; kind: ChartEdgeKind; word: string }[] = [
  { prefix: 'xstate.done.actor.', kind: 'done', word: 'done' },
  { prefix: 'xstate.error.actor.', kind: 'error', word: 'error' },
  { prefix: 'xstate.snapshot.', kind: 'event', word: 'snapshot' },
  { prefix: 'xstate.route', kind: 'event', word: 'route' },
]

function eventOf(
  descriptor: string,
  source: NodeShape,
  invokes: ChartNode['invokes'],
): Pick<ChartEdge, 'kind' | 'event'> {
  if (descriptor === '') return { kind: 'always', event: 'always' }
  if (descriptor === `xstate.done.state.${source.id}`) return { kind: 'done', event: 'done' }
  if (descriptor === '*' || descriptor.endsWith('.*')) return { kind: 'wildcard', event: descriptor }
  const own = ownDescriptors.find(({ prefix }) => descriptor.startsWith(prefix))
  if (own === undefined) return { kind: 'event', event: descriptor }
  const actor = descriptor.slice(own.prefix.length)
  const name = actorName(actor, source, invokes)
  return { kind: own.kind, event: name === '' ? own.word : `${own.word}: ${name}` }
}

/** Its id where it was given one; else, as XState then counts (`0.machine.state`), its source. */
function actorName(id: string, source: NodeShape, invokes: ChartNode['invokes']): string {
  const invoked = invokes.find((invoke) => invoke.id === id)
  return invoked !== undefined && id.endsWith(`.${source.id}`) ? invoked.src : id
}

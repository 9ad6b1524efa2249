/**
 * Transitions with several targets, as those into a parallel state: one line to the label, and from there one to each
 * target. To ELK the label is a node, in the innermost state that holds source and targets.
 */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Bundle } from './elk-graph.ts'
import type { Box, Point } from './model.ts'
import type { Order } from './order.ts'

export const forkNode = (bundle: Bundle): string => `${bundle.id}:fork`
export const forkEntrance = (bundle: Bundle): string => `${bundle.id}:in`

/** Whether it can be drawn so: all targets lie on the same side of the source, or all within it. */
export function isFork({ source, targets }: Bundle, order: Order): boolean {
  const relations = new Set(targets.map((target) => order.relation(source, target)))
  return targets.length > 1 && relations.size === 1 && !relations.has('outward')
}

/** The labels of forks that belong right into this node. */
export function forkNodes(node: string, forks: readonly Bundle[], order: Order): ElkNode[] {
  return forks
    .filter(({ source, targets }) => order.common([source, ...targets]) === node)
    .map((bundle) => ({
      ...{ id: forkNode(bundle), width: bundle.width, height: bundle.height },
      // From within its source the line comes from above.
      ...(bundle.source === node && { layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' } }),
    }))
}

export function forkEdges(bundle: Bundle, order: Order): ElkExtendedEdge[] {
  const { id, source, targets } = bundle
  const fork = forkNode(bundle)
  const [first = source] = targets
  const isBackward = order.relation(source, first) === 'backward'
  const line = (name: string, from: string, to: string): ElkExtendedEdge =>
    isBackward ? { id: name, sources: [to], targets: [from] } : { id: name, sources: [from], targets: [to] }
  const entrance = order.relation(source, first) === 'inward' ? [] : [line(forkEntrance(bundle), source, fork)]
  return [...entrance, ...targets.map((target, index) => line(`${id}:${index}`, fork, target))]
}

/** Line in, through the middle of the label, and line out. */
export function throughFork(entrance: readonly Point[], fork: Box, exit: readonly Point[], isDown: boolean): Point[] {
  const [from, to] = [entrance.at(-1), exit[0]]
  if (from === undefined || to === undefined) return [...entrance, ...exit]
  const middle = { x: fork.x + fork.width / 2, y: fork.y + fork.height / 2 }
  const turn = isDown
    ? [
        { x: from.x, y: middle.y },
        { x: to.x, y: middle.y },
      ]
    : [
        { x: middle.x, y: from.y },
        { x: middle.x, y: to.y },
      ]
  return [...entrance, ...turn, ...exit]
}

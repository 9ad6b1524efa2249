/**
 * The order in which a chart's states are written, the initial one of each first: which transitions lead on by it, and
 * which lead back. A picture that keeps it is read from its beginning.
 */
import type { ChartNode } from './model.ts'

/** inward: the target is inside of the source; outward: the other way round. */
export type Relation = 'forward' | 'backward' | 'inward' | 'outward'

export interface Order {
  relation(source: string, target: string): Relation
  /** Id of the innermost node that holds, or is, all of these. */
  common(ids: readonly string[]): string
}

/** @param ranks of states that do not stand where they are written (folding.ts). */
export function orderOf(root: ChartNode, ranks?: ReadonlyMap<string, number>): Order {
  const ancestors = new Map<string, readonly string[]>()
  const places = new Map<string, readonly number[]>()
  const visit = (node: ChartNode, above: readonly string[], place: readonly number[]) => {
    ancestors.set(node.id, [...above, node.id])
    places.set(node.id, place)
    initialFirst(node).forEach((child, index) => {
      visit(child, [...above, node.id], [...place, ranks?.get(child.id) ?? index])
    })
  }
  visit(root, [], [])
  return {
    relation(source, target) {
      const [a = [], b = []] = [places.get(source), places.get(target)]
      const at = a.findIndex((index, depth) => depth >= b.length || index !== b[depth])
      if (at === -1) return 'inward'
      if (at >= b.length) return 'outward'
      return (a[at] ?? 0) > (b[at] ?? 0) ? 'backward' : 'forward'
    },
    common(ids) {
      const [first = [], ...others] = ids.map((id) => ancestors.get(id) ?? [])
      const shared = first.filter((id, depth) => others.every((other) => other[depth] === id))
      return shared.at(-1) ?? root.id
    },
  }
}

/** At the top stands what is entered first. */
export function initialFirst({ children, initial }: ChartNode): readonly ChartNode[] {
  return [...children].sort((a, b) => Number(b.id === initial) - Number(a.id === initial))
}

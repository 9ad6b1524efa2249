/** What a state does, line by line, for formats that are text: Mermaid and DOT. The drawing has its own (content.ts). */
import { edgeText } from './content.ts'
import type { ChartEdge, ChartNode } from './model.ts'
import { invokeName } from './naming.ts'

/** @param staying transitions that leave the machine in this state, and only act. */
export function nodeLines(node: ChartNode, staying: readonly ChartEdge[]): string[] {
  return [
    ...(node.description === undefined ? [] : [node.description]),
    ...node.tags.map((tag) => `#${tag}`),
    ...node.entry.map((name) => `entry / ${name}`),
    ...node.exit.map((name) => `exit / ${name}`),
    ...node.invokes.map((invoke) => `invoke / ${invokeName(invoke)}`),
    ...node.spawns.map((name) => `spawn / ${name}`),
    ...staying.map(edgeText),
  ]
}

/** A name for every node that any grammar takes: letters, digits and `_`, no two the same. */
export function plainIds(nodes: readonly ChartNode[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  const ids = new Map<string, string>()
  for (const { id } of nodes) {
    const plain = `s_${id.replace(/\W+/g, '_')}`
    let free = plain
    for (let count = 2; taken.has(free); count++) free = `${plain}_${count}`
    taken.add(free)
    ids.set(id, free)
  }
  return ids
}

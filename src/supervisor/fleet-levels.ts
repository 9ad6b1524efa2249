/** In which order kernels start: levels, each of which depends on earlier ones only. Pure. */

export interface Node {
  readonly id: string
  readonly dependsOn: readonly string[]
}

export type Levels = { readonly levels: string[][] } | { readonly cycle: string[] }

/** Every id in `dependsOn` must be that of a node. A cycle is named as it runs: `['a', 'b', 'a']`. */
export function levelsOf(nodes: readonly Node[]): Levels {
  const levels: string[][] = []
  const settled = new Set<string>()
  let waiting = [...nodes]
  while (waiting.length > 0) {
    const ready = waiting.filter((node) => node.dependsOn.every((id) => settled.has(id)))
    if (ready.length === 0) return { cycle: cycleAmong(waiting) }
    levels.push(ready.map((node) => node.id))
    for (const node of ready) settled.add(node.id)
    waiting = waiting.filter((node) => !settled.has(node.id))
  }
  return { levels }
}

/** Each of these waits for another of them, so following the first such dependency must come back. */
function cycleAmong(waiting: readonly Node[]): string[] {
  const byId = new Map(waiting.map((node) => [node.id, node]))
  const path: string[] = []
  let node = waiting[0]
  while (node !== undefined && !path.includes(node.id)) {
    path.push(node.id)
    const next: string | undefined = node.dependsOn.find((id) => byId.has(id))
    node = next === undefined ? undefined : byId.get(next)
  }
  return node === undefined ? path : [...path.slice(path.indexOf(node.id)), node.id]
}

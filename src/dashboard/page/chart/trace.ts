/** The path so far: how often each edge was taken, and how warm it still is. Pure. */

export interface Trail {
  readonly count: number
  /** Moves since it was last taken; 0: the last move took it. */
  readonly age: number
}

/** Moves after which an edge is as cold as one that was taken long ago. */
export const warmMoves = 12
const coldest = 0.22

/** @param upTo number of moves that count, from the oldest on. */
export function trailsOf(
  moves: readonly { readonly edges: readonly string[] }[],
  upTo: number = moves.length,
): ReadonlyMap<string, Trail> {
  const trails = new Map<string, Trail>()
  for (let index = 0; index < Math.min(upTo, moves.length); index += 1) {
    for (const edge of moves[index]?.edges ?? [])
      trails.set(edge, { count: (trails.get(edge)?.count ?? 0) + 1, age: upTo - 1 - index })
  }
  return trails
}

/** 1 for what has just been taken, falling with each move to what stays for ever. */
export function heatOf({ age }: Trail): number {
  const heat = coldest + (1 - coldest) * Math.max(0, 1 - age / warmMoves)
  return Math.round(heat * 100) / 100
}

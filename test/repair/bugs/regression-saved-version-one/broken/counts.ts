export type Counts = Record<string, number>
export interface Saved {
  version: 1 | 2
  counts?: Counts
  houses?: [house: string, counts: Counts][]
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

export function low(counts: Counts, below: number): string[] {
  return Object.keys(counts)
    .filter((item) => (counts[item] ?? 0) < below)
    .sort()
}

/** Version 1 knew one house. */
export function migrate({ version, counts, houses }: Saved, mainHouse: string): [string, Counts][] {
  if (version < 1) return [[mainHouse, counts ?? {}]]
  return houses as [string, Counts][]
}

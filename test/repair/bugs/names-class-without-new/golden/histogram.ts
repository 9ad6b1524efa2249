export function Histogram(bounds: number[], counts: number[] = bounds.map(() => 0).concat(0)) {
  const total = () => counts.reduce((sum, count) => sum + count, 0)
  return {
    counts,
    add(value: number): void {
      const index = bounds.findIndex((bound) => value <= bound)
      const bucket = index === -1 ? bounds.length : index
      counts[bucket] = (counts[bucket] ?? 0) + 1
    },
    share(limit: number): number | null {
      if (total() === 0) return null
      const below = counts.filter((_, index) => (bounds[index] ?? Number.POSITIVE_INFINITY) <= limit)
      return Math.round((below.reduce((sum, count) => sum + count, 0) / total()) * 100)
    },
  }
}

export class Histogram {
  readonly counts: number[]
  highest: number | null = null
  readonly #bounds: number[]

  constructor(bounds: number[], counts: number[] = bounds.map(() => 0).concat(0)) {
    this.#bounds = bounds
    this.counts = counts
  }

  add(value: number): void {
    const index = this.#bounds.findIndex((bound) => value <= bound)
    const bucket = index === -1 ? this.#bounds.length : index
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.highest = Math.max(this.highest ?? value, value)
  }

  share(limit: number): number | null {
    const total = this.counts.reduce((sum, count) => sum + count, 0)
    if (total === 0) return null
    const below = this.counts.filter((_, index) => (this.#bounds[index] ?? Number.POSITIVE_INFINITY) <= limit)
    return Math.round((below.reduce((sum, count) => sum + count, 0) / total) * 100)
  }
}

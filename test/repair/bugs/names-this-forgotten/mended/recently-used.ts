export class RecentlyUsed {
  readonly size: number
  private readonly entries: Map<string, string>
  private hits = 0
  private misses = 0

  constructor(size: number, entries: [string, string][]) {
    this.size = size
    this.entries = new Map(entries)
  }

  get(key: string): string | undefined {
    const value = this.entries.get(key)
    if (value === undefined) {
      this.misses += 1
      return undefined
    }
    this.hits += 1
    this.entries.delete(key)
    this.entries.set(key, value)
    return value
  }

  put(key: string, value: string): void {
    this.entries.delete(key)
    if (this.entries.size >= this.size) {
      const [oldest] = this.entries.keys()
      if (oldest !== undefined) this.entries.delete(oldest)
    }
    this.entries.set(key, value)
  }

  stats() {
    return { kept: this.entries.size, hits: this.hits, misses: this.misses }
  }

  all(): [string, string][] {
    return [...this.entries]
  }
}

export interface Part {
  name: string
  cents: number
  count: number
}

export class Shelf {
  readonly #parts: Map<string, Part>

  constructor(parts: Part[]) {
    this.#parts = new Map(parts.map((part) => [part.name, part]))
  }

  put(part: Part): void {
    const had = this.#parts.get(part.name)?.count ?? 0
    this.#parts.set(part.name, { ...part, count: had + part.count })
  }

  async find(name: string): Promise<Part> {
    const part = this.#parts.get(name)
    if (part === undefined) throw new Error(`There is no part ${name}.`)
    return part
  }

  below(limit: number): string[] {
    return this.all()
      .filter(({ count }) => count < limit)
      .map(({ name }) => name)
  }

  all(): Part[] {
    return [...this.#parts.values()]
  }
}

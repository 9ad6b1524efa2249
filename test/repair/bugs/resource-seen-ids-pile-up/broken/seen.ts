import assert from 'node:assert/strict'

export class SeenTable {
  readonly #max: number
  readonly #ids: Set<string>

  constructor(max: number, ids: string[] = []) {
    this.#max = max
    this.#ids = new Set(ids)
  }

  get size(): number {
    return this.#ids.size
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  add(id: string): void {
    assert.ok(this.#ids.size < this.#max, `the table is full (${this.#max})`)
    this.#ids.add(id)
  }

  dropOldest(): void {
    for (const id of this.#ids) {
      this.#ids.delete(id)
      return
    }
  }

  ids(): string[] {
    return [...this.#ids]
  }
}

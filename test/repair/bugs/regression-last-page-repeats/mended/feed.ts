export interface Page {
  titles: string[]
  /** Null on the last page. */
  next: string | null
}

export class Feed {
  readonly #titles: string[]

  constructor(titles: string[] = []) {
    this.#titles = [...titles]
  }

  add(title: string): number {
    this.#titles.push(title)
    return this.#titles.length
  }

  after(position: number, most: number): Page {
    const end = Math.min(position + most, this.#titles.length)
    const titles = this.#titles.slice(position, end)
    return { titles, next: end === this.#titles.length ? null : String(end) }
  }

  all(): string[] {
    return [...this.#titles]
  }
}

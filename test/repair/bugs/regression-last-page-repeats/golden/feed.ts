export class Feed {
  readonly #titles: string[]

  constructor(titles: string[] = []) {
    this.#titles = [...titles]
  }

  add(title: string): number {
    this.#titles.push(title)
    return this.#titles.length
  }

  pages(perPage: number): number {
    return Math.ceil(this.#titles.length / perPage)
  }

  page(number: number, perPage: number): string[] {
    return this.#titles.slice(number * perPage, (number + 1) * perPage)
  }

  all(): string[] {
    return [...this.#titles]
  }
}

export interface Quote {
  currency: string
  amount: number
}

/** The oldest goes first. */
export class QuoteCache {
  readonly #quotes = new Map<string, Quote>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#quotes.size
  }

  get(article: string, currency: string, make: () => Quote): Quote {
    const key = keyOf(article)
    const known = this.#quotes.get(key)
    if (known !== undefined) return known
    const quote = make()
    this.#quotes.set(key, quote)
    const [oldest] = this.#quotes.keys()
    if (this.#quotes.size > this.#max && oldest !== undefined) this.#quotes.delete(oldest)
    return quote
  }

  forget(article: string): void {
    this.#quotes.delete(keyOf(article))
  }
}

function keyOf(article: string): string {
  return article.trim().toLowerCase()
}

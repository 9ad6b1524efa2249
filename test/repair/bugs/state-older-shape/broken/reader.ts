export interface StoredReader {
  mail: string
  topics: { name: string; since: number }[]
}

export class Reader {
  readonly mail: string
  readonly #since = new Map<string, number>()

  constructor(mail: string) {
    this.mail = mail
  }

  static from({ mail, topics }: StoredReader): Reader {
    const reader = new Reader(mail)
    for (const { name, since } of topics) reader.take(name, since)
    return reader
  }

  take(topic: string, at: number): boolean {
    if (this.#since.has(topic)) return false
    this.#since.set(topic, at)
    return true
  }

  drop(topic: string): boolean {
    return this.#since.delete(topic)
  }

  since(topic: string): number | undefined {
    return this.#since.get(topic)
  }

  topics(): string[] {
    return [...this.#since.keys()].sort()
  }

  stored(): StoredReader {
    return { mail: this.mail, topics: [...this.#since].map(([name, since]) => ({ name, since })) }
  }
}

/** The documents, and the index over them, which is built from them and can never disagree with a snapshot. */
import MiniSearch from 'minisearch'
import { type Document, needDocument, refusal } from './document.ts'

export type Hit = { id: string; text: string; score: number }

export class Library {
  readonly #documents = new Map<string, Document>()
  readonly #max: number
  readonly #index = new MiniSearch<Document>({
    fields: ['text', 'tags'],
    extractField: (document, field) =>
      field === 'tags' ? document.tags.join(' ') : field === 'id' ? document.id : document.text,
    searchOptions: { boost: { tags: 2 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 1 : false) },
  })

  /** A state of more documents than a smaller limit allows must still start: the limit is for callers. */
  constructor(max: number, documents: readonly Document[]) {
    this.#max = max
    for (const document of documents) this.#set(document)
  }

  get size(): number {
    return this.#documents.size
  }

  /** True where a document of this id was replaced. */
  put(document: Document): boolean {
    needDocument(document)
    const replaced = this.#documents.has(document.id)
    if (!replaced && this.size >= this.#max) {
      throw refusal('INDEX_FULL', `The index holds ${this.#max} documents, which is its limit: drop some.`)
    }
    if (replaced) this.#index.discard(document.id)
    this.#set(document)
    return replaced
  }

  drop(id: string): boolean {
    if (!this.#documents.delete(id)) return false
    this.#index.discard(id)
    return true
  }

  /** Best first; of equally good ones by id, so that the order is always the same. */
  find(query: string, limit: number): Hit[] {
    const hits = this.#index.search(query).map(({ id, score }) => {
      return { id: String(id), text: this.#documents.get(String(id))?.text ?? '', score }
    })
    return hits.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, limit)
  }

  all(): Document[] {
    return [...this.#documents.values()]
  }

  #set(document: Document): void {
    this.#documents.set(document.id, document)
    this.#index.add(document)
  }
}

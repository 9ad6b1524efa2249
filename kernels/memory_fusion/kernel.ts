/**
 * Notes that are found again by their words. Several notes can be fused into one that still says what it was made of.
 * The notes are the state; the index is built from them at each start, so it can never disagree with a snapshot.
 * Whoever wants to know what is remembered subscribes to `memory.remembered` at the message bus; without the bus this
 * kernel goes on.
 */

import { hash } from 'node:crypto'
import { inspect } from 'node:util'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import MiniSearch from 'minisearch'

export interface Note {
  id: string
  text: string
  tags: string[]
  /** Epoch milliseconds. */
  at: number
  /** The notes that this one was fused from, oldest first. */
  sources?: { id: string; at: number }[]
}
export type Found = Note & { score: number }
export interface MemoryConfig {
  /** Notes kept at most; one more is refused, because forgetting is the caller's decision. Default 100000. */
  maxNotes?: number
}

const limits = { idChars: 200, textChars: 65_536, tags: 32, tagChars: 64, queryChars: 1000, recall: 100, fuse: 100 }

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

function needText(value: unknown, name: string, max: number): asserts value is string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= max) return
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value
  throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${max} characters that is not blank. Got: ${got}`)
}

function needNote(id: unknown, text: unknown, tags: unknown): void {
  needText(id, 'id', limits.idChars)
  needText(text, 'text', limits.textChars)
  if (!Array.isArray(tags) || tags.length > limits.tags) {
    throw refusal('INVALID_ARGUMENT', `tags must be a list of ${limits.tags} texts at most.`)
  }
  for (const tag of tags) needText(tag, 'a tag', limits.tagChars)
}

class Memory {
  readonly #notes = new Map<string, Note>()
  readonly #maxNotes: number
  readonly #index = new MiniSearch<Note>({
    fields: ['text', 'tags'],
    extractField: (note, field) => (field === 'tags' ? note.tags.join(' ') : field === 'id' ? note.id : note.text),
    // A word of the query finds longer words that begin with it, and long words with one letter wrong.
    searchOptions: { boost: { tags: 2 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 1 : false) },
  })

  constructor(restored: unknown, maxNotes: number) {
    this.#maxNotes = maxNotes
    if (restored !== undefined && !Array.isArray(restored)) {
      throw refusal('STATE_INVALID', 'The restored state is no list of notes.')
    }
    for (const note of (restored ?? []) as Note[]) {
      needNote(note.id, note.text, note.tags)
      if (!Number.isFinite(note.at)) throw refusal('STATE_INVALID', `The restored note ${note.id} has no time.`)
      this.put(note)
    }
  }

  get size(): number {
    return this.#notes.size
  }

  /** Returns whether a note of this id was replaced. */
  put(note: Note): boolean {
    const replaced = this.#notes.has(note.id)
    if (!replaced && this.#notes.size >= this.#maxNotes) {
      throw refusal('MEMORY_FULL', `The memory holds ${this.#maxNotes} notes, which is its limit: forget or fuse some.`)
    }
    if (replaced) this.#index.discard(note.id)
    this.#notes.set(note.id, note)
    this.#index.add(note)
    return replaced
  }

  get(id: string): Note | undefined {
    return this.#notes.get(id)
  }

  forget(id: string): boolean {
    if (!this.#notes.delete(id)) return false
    this.#index.discard(id)
    return true
  }

  /** Best first; of equally good ones the newest, then by id, so that the order is always the same. */
  recall(query: string, limit: number): Found[] {
    const found: Found[] = []
    for (const { id, score } of this.#index.search(query)) {
      const note = this.#notes.get(String(id))
      if (note !== undefined) found.push({ ...note, score })
    }
    return found.sort((a, b) => b.score - a.score || b.at - a.at || (a.id < b.id ? -1 : 1)).slice(0, limit)
  }

  /** The notes of these ids become one; their ids and times are kept in its sources, also through a second fusion. */
  fuse(ids: string[]): Note {
    const parts = [...new Set(ids)].map((id) => {
      const note = this.#notes.get(id)
      if (note === undefined) throw refusal('NOT_FOUND', `There is no note ${shown(id)}: nothing was fused.`)
      return note
    })
    if (parts.length < 2) throw refusal('INVALID_ARGUMENT', 'fuse takes the ids of two different notes or more.')
    parts.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    const text = [...new Set(parts.map((note) => note.text))].join('\n\n')
    const tags = [...new Set(parts.flatMap((note) => note.tags))]
    const sources = parts.flatMap((note) => note.sources ?? [{ id: note.id, at: note.at }])
    const id = `fused_${hash('sha256', JSON.stringify(sources)).slice(0, 16)}`
    const fused: Note = { id, text, tags, at: Math.max(...parts.map((note) => note.at)), sources }
    needNote(id, text, tags) // before anything is given up
    for (const note of parts) this.forget(note.id)
    this.put(fused)
    return fused
  }

  all(): Note[] {
    return [...this.#notes.values()]
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<Note[], MemoryConfig>) {
    const { maxNotes = 100_000 } = ctx.config
    if (!Number.isSafeInteger(maxNotes) || maxNotes < 1) {
      throw refusal('CONFIG_INVALID', `config.maxNotes: accepted is a whole number above 0. Got: ${String(maxNotes)}`)
    }
    const memory = new Memory(ctx.restored, maxNotes)
    const remember = (id: string, text: string, tags: string[] = []): { id: string; replaced: boolean } => {
      needNote(id, text, tags)
      const at = ctx.now()
      const note = { id, text, tags: [...new Set(tags)], at }
      const replaced = memory.put(note)
      ctx.ref('message_bus').tell.publish?.('memory.remembered', { id, tags: note.tags, at }, ctx.id)
      return { id, replaced }
    }
    return {
      api: {
        /** A note of the same id is replaced. */
        remember,
        /** The notes that match best, `limit` (1 to 100, default 10) at most. */
        recall(query: string, limit = 10): Found[] {
          needText(query, 'query', limits.queryChars)
          if (!Number.isSafeInteger(limit) || limit < 1 || limit > limits.recall) {
            throw refusal('INVALID_ARGUMENT', `limit must be 1 to ${limits.recall}. Got: ${shown(limit)}`)
          }
          return memory.recall(query, limit)
        },
        get: (id: string): Note | null => memory.get(id) ?? null,
        /** False where there was no such note. */
        forget: (id: string): boolean => memory.forget(id),
        fuse(ids: string[]): Note {
          if (!Array.isArray(ids) || ids.length > limits.fuse) {
            throw refusal('INVALID_ARGUMENT', `fuse takes a list of ${limits.fuse} ids at most.`)
          }
          return memory.fuse(ids)
        },
        size: (): number => memory.size,
        /** From the message bus: a note that someone published on `memory.note`. */
        onMessage(topic: string, message: { id: string; text: string; tags?: string[] }): void {
          if (topic === 'memory.note' && typeof message === 'object' && message !== null) {
            remember(message.id, message.text, message.tags)
          } else ctx.log.debug('a message of a topic that is not for notes was left alone', { topic })
        },
      },
      snapshot: () => memory.all(),
    }
  },
})
export default kernel
export type MemoryFusion = KernelApi<typeof kernel>

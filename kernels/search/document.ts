/** What is indexed, what must hold for it, and how a record's value becomes text. */
import { inspect } from 'node:util'
export interface Document {
  id: string
  text: string
  tags: string[]
}

/** What the bus says of a record. */
export interface Change {
  kind: string
  id: string
  removed?: boolean
}

export const limits = {
  ...{ idChars: 500, textChars: 65_536, tags: 32, tagChars: 200, queryChars: 1000, recall: 100 },
  ...{ pending: 10_000, depth: 16 },
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

export function needText(value: unknown, name: string, max: number): asserts value is string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= max) return
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value
  throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${max} characters that is not blank. Got: ${got}`)
}

export function needDocument(document: Document): void {
  const { id, text, tags } = Object(document) as Partial<Document>
  needText(id, 'id', limits.idChars)
  needText(text, 'text', limits.textChars)
  if (!Array.isArray(tags) || tags.length > limits.tags) {
    throw refusal('INVALID_ARGUMENT', `tags must be a list of ${limits.tags} texts at most.`)
  }
  for (const tag of tags) needText(tag, 'a tag', limits.tagChars)
}

export function readChange(message: unknown): Change {
  const { kind, id, removed } = Object(message) as Partial<Change>
  needText(kind, 'kind', 200)
  needText(id, 'id', 200)
  return removed === true ? { kind, id, removed } : { kind, id }
}

/** Every text and number in a value, in order, cut at the longest text that is indexed. Names of keys are not indexed. */
export function textOf(value: unknown): string {
  const words: string[] = []
  collect(value, words, 0)
  return words.join(' ').trim().slice(0, limits.textChars)
}

function collect(value: unknown, words: string[], depth: number): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') words.push(String(value))
  else if (typeof value === 'object' && value !== null && depth < limits.depth) {
    for (const member of Object.values(value)) collect(member, words, depth + 1)
  }
}

/**
 * Reading the log's files: what is intact, and what is not. A segment is a file of lines; each line is a record in
 * canonical JSON with the hash of the record before it, so whatever is changed, torn, cut or missing shows as a record
 * that does not follow. Nothing is written here.
 */

import { hash as digest } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'

/** Index is -1 while the log is empty. */
export type Head = { index: number; hash: string }
export interface LogRecord extends Head {
  /** Epoch milliseconds. */
  at: number
  kind: 'entry' | 'break'
  entry: unknown
}
/** What a break record states: from lostFrom to lostTo nothing can be read (nothing is lost where lostTo is less). */
export type Damage = { files: string[]; reason: string; lastGood: Head; lostFrom: number; lostTo: number }
export type Line = LogRecord & { previous: string }
export type Segment = { file: string; number: number; first: number; setAside: boolean }

export const genesis: Head = { index: -1, hash: '0'.repeat(64) }
const fileName = /^(\d{6})-(\d{12})\.jsonl(\.damaged-.+)?$/

export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

/**
 * JSON with sorted keys: one text for one value, so that a hash means something. Only JSON values are accepted, and no
 * more members than a record could hold: a list that holds the same list twice, again and again, would never end.
 */
export function canonical(value: unknown, depth = 0, members = { left: 65_536 }): string {
  if (--members.left < 0) throw refusal('ENTRY_TOO_LARGE', 'The entry has more than 65536 members.')
  if (depth > 64) throw refusal('ENTRY_INVALID', 'The entry is nested deeper than 64 levels, or contains itself.')
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  const inner = (member: unknown) => canonical(member, depth + 1, members)
  if (Array.isArray(value)) return `[${Array.from(value, inner).join(',')}]`
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined
  if (typeof value !== 'object' || (prototype !== null && prototype !== Object.prototype)) {
    throw refusal('ENTRY_INVALID', `An entry holds JSON values only. Got: a ${typeof value} that is none.`)
  }
  const pairs = Object.entries(value).filter(([, member]) => member !== undefined)
  pairs.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([key, member]) => `${JSON.stringify(key)}:${inner(member)}`).join(',')}}`
}

export function seal(record: Omit<Line, 'hash'>): string {
  return digest('sha256', record.previous + canonical(record))
}

/** The record of a line, or why it is none. A line must be, to the byte, what append wrote. */
function parse(text: string, before: Head | undefined): Line | string {
  let line: Line
  try {
    line = JSON.parse(text) as Line
    const { hash, ...rest } = line
    if (canonical(line) !== text || seal(rest) !== hash) return 'a record does not match its hash'
  } catch {
    // Not JSON (any more): the caller reports it as damage, with the place.
    return 'a line is no record'
  }
  const linked = before === undefined || (line.index === before.index + 1 && line.previous === before.hash)
  return linked ? line : 'a record does not follow the one before it'
}

/** The intact records at the beginning of a file, and what ends them early. */
export function readSegment(folder: string, segment: Segment): { lines: Line[]; lost: number; reason?: string } {
  const texts = fs.readFileSync(join(folder, segment.file), 'utf8').split('\n')
  const tail = texts.pop()
  const lines: Line[] = []
  for (const text of texts) {
    const line = parse(text, lines.at(-1))
    if (typeof line === 'string') return { lines, lost: texts.length + (tail ? 1 : 0) - lines.length, reason: line }
    lines.push(line)
  }
  return tail ? { lines, lost: 1, reason: 'the last line is torn' } : { lines, lost: 0 }
}

export function listSegments(folder: string): Segment[] {
  return fs
    .readdirSync(folder)
    .flatMap((file) => {
      const [, number, first, aside] = fileName.exec(file) ?? []
      return number ? [{ file, number: Number(number), first: Number(first), setAside: aside !== undefined }] : []
    })
    .sort((a, b) => a.number - b.number)
}

/** Follows the chain over segments; `known` is a head seen before. `damages` are those that no break record states. */
export function follow(folder: string, segments: Segment[], from: Head | undefined, known: Head) {
  let head = from
  let entries = 0
  let pending: { files: string[]; reason: string; lost: number } | undefined
  const stated = new Set<string>()
  const found: Damage[] = []
  const settle = (what: { files: string[]; reason: string }, lastGood: Head, lostTo: number) =>
    found.push({ files: what.files, reason: what.reason, lastGood, lostFrom: lastGood.index + 1, lostTo })

  for (const [place, segment] of segments.entries()) {
    const { lines, lost, reason } = readSegment(folder, segment)
    const [start] = lines
    head ??= { index: segment.first - 1, hash: start?.previous ?? '' }
    if (start && (pending || start.index !== head.index + 1 || start.previous !== head.hash)) {
      settle(pending ?? unlinked(segments[place - 1], segment), head, start.index - 1)
      pending = undefined
    }
    if (lines.some((line) => line.index === known.index && line.hash !== known.hash)) {
      const reason = 'the log was rewritten'
      found.push({ files: [segment.file], reason, lastGood: known, lostFrom: known.index, lostTo: known.index })
    }
    for (const line of lines) if (line.kind === 'break') stated.add(range(line.entry as Damage))
    entries += lines.length
    head = lines.at(-1) ?? head
    if (reason !== undefined) {
      pending = { files: [...(pending?.files ?? []), segment.file], reason, lost: lost + (pending?.lost ?? 0) }
    }
  }
  const end = head ?? genesis
  if (known.index > end.index) {
    pending ??= { files: segments.slice(-1).map((segment) => segment.file), reason: 'the end is missing', lost: 0 }
  }
  if (pending) settle(pending, end, Math.max(end.index + pending.lost, known.index))
  const damages = found.filter((damage) => !stated.has(range(damage)))
  return { head: { index: end.index, hash: end.hash }, entries, breaks: stated.size, damages }
}

/** A break is told by its range: the name of its file changes when it is set aside. */
function range(damage: Damage): string {
  return `${damage.lostFrom}..${damage.lostTo}`
}

function unlinked(before: Segment | undefined, segment: Segment): { files: string[]; reason: string } {
  const expected = (before?.number ?? 0) + 1
  const missing = `${String(expected).padStart(6, '0')}-*`
  if (segment.number !== expected) return { files: [missing], reason: 'a file is missing' }
  return { files: [before?.file ?? segment.file], reason: 'records are missing' }
}

/**
 * Events as rows. Facts may hold anything a listener was given, so they are made plain here: what cannot be written is
 * described, what is too long is cut, and nothing throws on account of one odd fact. When rows are written: batch.ts.
 */
import { toRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { QueuedRow } from './batch.ts'
import type { Connection, SqlRow, SqlValue } from './connection.ts'
import type { EventFilter } from './rows.ts'
import { checkedLimit } from './table.ts'

const insertSql = 'INSERT INTO events (seq, at, type, kernel, facts) VALUES (?, ?, ?, ?, ?)'
const keptTextChars = 512

export function eventRow(event: LazaretEvent): QueuedRow {
  const { seq, at, type, kernel, ...facts } = event
  return { sql: insertSql, values: [seq, at, type, kernel ?? null, factsJson(facts)] }
}

export function lastEventSeq(connection: Connection): number {
  return Number(connection.get('SELECT max(seq) AS seq FROM events')?.seq ?? 0)
}

/** In the order of their numbers. */
export function findEvents(connection: Connection, filter: EventFilter): LazaretEvent[] {
  const limit = checkedLimit(filter.limit)
  const [conditions, values] = conditionsOf(filter)
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const select = `SELECT seq, at, type, kernel, facts FROM events ${where}`
  if (filter.after === undefined) {
    return connection
      .all(`${select} ORDER BY seq DESC LIMIT ?`, [...values, limit])
      .reverse()
      .map(parseEvent)
  }
  return connection.all(`${select} ORDER BY seq LIMIT ?`, [...values, limit]).map(parseEvent)
}

function conditionsOf({ kernel, type, types, after, before }: EventFilter): [string[], SqlValue[]] {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const add = (condition: string, ...given: SqlValue[]) => {
    conditions.push(condition)
    values.push(...given)
  }
  // The plus keeps SQLite from the index of the kernel, by which it would walk through all of its events.
  if (kernel !== undefined) add(types === undefined ? 'kernel = ?' : '+kernel = ?', kernel)
  if (type !== undefined) add('type = ?', type)
  if (types !== undefined) add(`type IN (${types.map(() => '?').join(', ')})`, ...types)
  if (after !== undefined) add('seq > ?', after)
  if (before !== undefined) add('seq < ?', before)
  return [conditions, values]
}

function parseEvent(row: SqlRow): LazaretEvent {
  return {
    ...parseFacts(String(row.facts)),
    type: row.type as LazaretEvent['type'],
    ...(row.kernel === null ? {} : { kernel: String(row.kernel) }),
    at: Number(row.at),
    seq: Number(row.seq),
  }
}

function parseFacts(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // Damaged on the disk. One unreadable row must not hide the others; it says so itself.
    return { factsUnreadable: true }
  }
}

/** Facts as JSON of limits.journalEventChars at most. Never throws. */
export function factsJson(facts: Record<string, unknown>): string {
  try {
    const text = JSON.stringify(facts, plain)
    if (text.length <= limits.journalEventChars) return text
    const shorter = JSON.stringify(facts, (key, value) => clipped(plain(key, value)))
    if (shorter.length <= limits.journalEventChars) return shorter
    return JSON.stringify({ factsTooLong: text.length, names: Object.keys(facts).slice(0, 100).map(clipped) })
  } catch (thrown) {
    // A cycle, or a getter or toJSON that throws: the event counts, and says what is missing.
    return JSON.stringify({ factsUnwritable: clipped(toRecord(thrown).message) })
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Error) return toRecord(value)
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength }
  return value
}

function clipped(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= keptTextChars) return value
  return `${value.slice(0, keptTextChars)}... [${value.length - keptTextChars} more characters]`
}

/**
 * Events as rows. Facts may hold anything a listener was given, so they are made plain here: what cannot be written is
 * described, what is too long is cut, and nothing throws on account of one odd fact. When rows are written: batch.ts.
 */
import { toRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { QueuedRow } from './batch.ts'
import type { Connection, SqlRow } from './connection.ts'
import type { EventFilter } from './rows.ts'
import { checkedLimit, whereClause } from './table.ts'

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
  const { kernel, type, after, before } = filter
  const [where, values] = whereClause({ kernel, type })
  const conditions = where === '' ? [] : [where.slice('WHERE '.length)]
  for (const [sign, seq] of [['>', after] as const, ['<', before] as const]) {
    if (seq === undefined) continue
    conditions.push(`seq ${sign} ?`)
    values.push(seq)
  }
  const among = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const select = `SELECT seq, at, type, kernel, facts FROM events ${among}`
  if (after !== undefined) return connection.all(`${select} ORDER BY seq LIMIT ?`, [...values, limit]).map(parseEvent)
  return connection
    .all(`${select} ORDER BY seq DESC LIMIT ?`, [...values, limit])
    .reverse()
    .map(parseEvent)
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

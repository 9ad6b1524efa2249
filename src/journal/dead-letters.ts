/**
 * Dead letters as rows: the reason always, the arguments as far as a person would read them. Which message becomes one
 * is decided elsewhere; when the rows are written: batch.ts.
 */
import { limits } from '../base/limits.ts'
import type { QueuedRow } from './batch.ts'
import type { Connection, SqlValue } from './connection.ts'
import type { DeadLetter, DeadLetterFilter, DeadLetterRow } from './rows.ts'
import { checkedLimit, Table, whereClause } from './table.ts'

const insertSql = `INSERT INTO deadLetters (kernel, "from", method, kind, code, reason, args, argsBytes, at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const table = new Table<DeadLetterRow>('deadLetters', ['id'], {
  ...{ id: 'plain', kernel: 'plain', from: 'plain', method: 'plain', kind: 'plain', code: 'plain', reason: 'plain' },
  ...{ args: 'plain', argsBytes: 'plain', at: 'plain', replayedAt: 'plain', outcome: 'plain' },
})

export function deadLetterRow(letter: DeadLetter): QueuedRow {
  const { kernel, from, method, kind, code, reason, args, at } = letter
  // A copy: the caller may use its buffer again before the batch is written.
  const kept = args === undefined ? null : new Uint8Array(args.subarray(0, limits.deadLetterBytes))
  return {
    sql: insertSql,
    values: [kernel, from, method, kind, code, reason, kept, args?.byteLength ?? null, at],
    deadLetterOf: kernel,
  }
}

/** Newest first, unless the filter says otherwise. */
export function findDeadLetters(connection: Connection, filter: DeadLetterFilter): DeadLetterRow[] {
  const [where, values] = conditionsOf(filter)
  const order = filter.order === 'oldest first' ? 'ASC' : 'DESC'
  return connection
    .all(`${table.selectSql} ${where} ORDER BY id ${order} LIMIT ?`, [...values, checkedLimit(filter.limit)])
    .map((row) => table.parse(row))
}

/** What the filter names, without its limit. */
export function countDeadLetters(connection: Connection, filter: DeadLetterFilter = {}): number {
  const [where, values] = conditionsOf(filter)
  return Number(connection.get(`SELECT count(*) AS count FROM deadLetters ${where}`, values)?.count ?? 0)
}

export function markReplayed(
  connection: Connection,
  id: number,
  outcome: string,
  replayedAt: number | undefined,
): void {
  connection.run('UPDATE deadLetters SET outcome = ?, replayedAt = ? WHERE id = ?', [outcome, replayedAt ?? null, id])
}

/** `WHERE`, and the values in it. */
function conditionsOf(filter: DeadLetterFilter): [string, SqlValue[]] {
  const { kernel, from, method, code, text, since, until, before, replayed, ids, whole, kernels } = filter
  const [equal, values] = whereClause({ kernel, from, method, code })
  const conditions = equal === '' ? [] : [equal.slice('WHERE '.length)]
  const add = (sql: string, ...given: SqlValue[]) => {
    conditions.push(sql)
    values.push(...given)
  }
  // Not LIKE: what a person looks for has no wild cards.
  if (text !== undefined) add('instr(lower(reason), lower(?)) > 0', text)
  if (since !== undefined) add('at >= ?', since)
  if (until !== undefined) add('at <= ?', until)
  if (before !== undefined) add('id < ?', before)
  if (replayed !== undefined) add(`replayedAt IS ${replayed ? 'NOT ' : ''}NULL`)
  if (whole === true) add('argsBytes <= length(args)')
  // One value for all of them: a statement for each number of ids would be kept for ever.
  if (ids !== undefined) add('id IN (SELECT value FROM json_each(?))', JSON.stringify(ids))
  if (kernels !== undefined) add('kernel IN (SELECT value FROM json_each(?))', JSON.stringify(kernels))
  return [conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values]
}

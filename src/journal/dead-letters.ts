/**
 * Dead letters as rows: the reason always, the arguments as far as a person would read them. Which message becomes one
 * is decided elsewhere; when the rows are written: batch.ts.
 */
import { limits } from '../base/limits.ts'
import type { QueuedRow } from './batch.ts'
import type { Connection } from './connection.ts'
import type { DeadLetter, DeadLetterFilter, DeadLetterRow } from './rows.ts'
import { Table, whereClause } from './table.ts'

const insertSql = `INSERT INTO deadLetters (kernel, "from", method, kind, code, reason, args, argsBytes, at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const table = new Table<DeadLetterRow>('deadLetters', ['id'], {
  ...{ id: 'plain', kernel: 'plain', from: 'plain', method: 'plain', kind: 'plain', code: 'plain', reason: 'plain' },
  ...{ args: 'plain', argsBytes: 'plain', at: 'plain' },
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

export function findDeadLetters(connection: Connection, filter: DeadLetterFilter): DeadLetterRow[] {
  return table.find(connection, { kernel: filter.kernel }, 'id DESC', filter.limit)
}

export function countDeadLetters(connection: Connection, kernel?: string): number {
  const [where, values] = whereClause({ kernel })
  return Number(connection.get(`SELECT count(*) AS count FROM deadLetters ${where}`, values)?.count ?? 0)
}

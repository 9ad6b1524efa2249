/**
 * Bounds of what is over: the oldest finished rows of each kind go first. What is open, in force or parked stays,
 * however old it is. Each `keep` is a limit of limits.ts; a parameter so that the limit and one past it can be tested.
 */
import { limits } from '../base/limits.ts'
import type { QueuedRow } from './batch.ts'
import type { Connection } from './connection.ts'

/** Table, and which of its rows are over. Attempts come first: they ask for the incidents that are there. */
const finished: readonly (readonly [string, string])[] = [
  ['attempts', "incident NOT IN (SELECT id FROM incidents WHERE status = 'open')"],
  ['incidents', "status = 'resolved'"],
  ['tasks', "status = 'closed'"],
  ['hotfixes', "status IN ('rolledBack', 'dropped', 'written')"],
  ['poison', 'parkedAt IS NULL'],
  ['playbookUses', 'true'],
]

function pruneSql(table: string, over: string): string {
  const oldest = `SELECT rowid FROM ${table} WHERE ${over} ORDER BY rowid DESC LIMIT 1 OFFSET ?`
  return `DELETE FROM ${table} WHERE ${over} AND rowid <= (${oldest})`
}

export function pruneHistory(connection: Connection, keep: number = limits.journalHistoryRows): void {
  connection.transaction(() => {
    for (const [table, over] of finished) connection.run(pruneSql(table, over), [keep])
  })
}

export function pruneFailures(
  connection: Connection,
  kernel: string,
  keep: number = limits.journalFailuresPerKernel,
): void {
  connection.run(pruneSql('failures', 'kernel = ?'), [kernel, kernel, keep])
}

export function pruneDeadLetters(
  connection: Connection,
  kernel: string,
  keep: number = limits.deadLettersPerKernel,
): void {
  connection.run(pruneSql('deadLetters', 'kernel = ?'), [kernel, kernel, keep])
}

/** Numbers count up by one, so the bound is a number and not a count of rows. */
export function pruneEvents(connection: Connection, keep: number = limits.journalEvents): void {
  connection.run('DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?', [keep])
}

/** After these rows of a batch. */
export function pruneAfter(connection: Connection, rows: readonly QueuedRow[]): void {
  const kernels = new Set(rows.map((row) => row.deadLetterOf))
  for (const kernel of kernels) {
    if (kernel === undefined) pruneEvents(connection)
    else pruneDeadLetters(connection, kernel)
  }
}

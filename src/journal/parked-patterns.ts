/**
 * Patterns of messages that repairs have parked, by kernel. One pattern is one row: a repair that parks what another has
 * parked already adds nothing, and takes nothing away where it is rolled back. Whether a message matches is for the route.
 */
import { canonicalTerms, type MessagePattern } from '../base/message-pattern.ts'
import type { Connection } from './connection.ts'
import type { ParkedPatternRow } from './rows.ts'
import { parkedPatternTable } from './schema.ts'

export type PatternParking = Pick<ParkedPatternRow, 'kernel' | 'reason' | 'hotfix'> & {
  readonly pattern: MessagePattern
}

/** All of them are in force, so all of them are read. */
const everyRow = Number.MAX_SAFE_INTEGER

export function parkPattern(connection: Connection, parking: PatternParking, at: number): void {
  const { kernel, pattern, reason, hotfix } = parking
  const { method } = pattern
  const terms = canonicalTerms(pattern.where)
  const text = JSON.stringify(terms)
  const known = findParkedPatterns(connection, kernel)
  if (known.some((row) => row.method === method && JSON.stringify(row.pattern) === text)) return
  parkedPatternTable.insert(connection, { kernel, method, pattern: terms, reason, ...(hotfix && { hotfix }), at })
}

/** Forgets what this repair has parked; without one, every pattern of the kernel. Returns what was parked. */
export function unparkPatterns(connection: Connection, kernel: string, hotfix?: string): ParkedPatternRow[] {
  const rows = findParkedPatterns(connection, kernel, hotfix)
  if (hotfix === undefined) connection.run('DELETE FROM parkedPatterns WHERE kernel = ?', [kernel])
  else connection.run('DELETE FROM parkedPatterns WHERE kernel = ? AND hotfix = ?', [kernel, hotfix])
  return rows
}

/** Newest first. */
export function findParkedPatterns(connection: Connection, kernel?: string, hotfix?: string): ParkedPatternRow[] {
  return parkedPatternTable.find(connection, { kernel, hotfix }, 'rowid DESC', everyRow)
}

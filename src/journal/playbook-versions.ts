/**
 * Every accepted text of every playbook file, numbered for each kernel, so that what was in force on a day can be read
 * again. The oldest go first; what a change means is said by whoever made it.
 */
import { limits } from '../base/limits.ts'
import type { Connection } from './connection.ts'
import type { PlaybookVersionRow } from './rows.ts'
import { playbookVersionTable } from './schema.ts'

const lastSql = 'SELECT max(version) AS version FROM playbookVersions WHERE kernel = ?'
const pruneSql = 'DELETE FROM playbookVersions WHERE kernel = ? AND version <= ?'

/** Returns its number. @param keep a parameter so that the limit and one past it can be tested. */
export function addVersion(
  connection: Connection,
  row: Omit<PlaybookVersionRow, 'version'>,
  keep: number = limits.playbookVersions,
): number {
  const version = Number(connection.get(lastSql, [row.kernel])?.version ?? 0) + 1
  playbookVersionTable.insert(connection, { ...row, version })
  connection.run(pruneSql, [row.kernel, version - keep])
  return version
}

/** Newest first. */
export function findVersions(connection: Connection, kernel: string): PlaybookVersionRow[] {
  return playbookVersionTable.find(connection, { kernel }, 'version DESC', limits.playbookVersions)
}

/** @param version undefined: the newest. */
export function findVersion(connection: Connection, kernel: string, version?: number): PlaybookVersionRow | undefined {
  return playbookVersionTable.find(connection, { kernel, version }, 'version DESC', 1)[0]
}

/**
 * Messages that crash kernels, by kernel, method and hash of their arguments: how often, and whether they are parked.
 * How many crashes make a message poison is decided elsewhere.
 */
import type { Connection } from './connection.ts'
import type { PoisonRow } from './rows.ts'
import { poisonTable } from './schema.ts'

const bumpSql = `INSERT INTO poison (kernel, method, argsSha256, crashes, fingerprint, at) VALUES (?, ?, ?, 1, ?, ?)
  ON CONFLICT (kernel, method, argsSha256)
  DO UPDATE SET crashes = crashes + 1, fingerprint = excluded.fingerprint, at = excluded.at RETURNING crashes`
const parkSql = `INSERT INTO poison (kernel, method, argsSha256, crashes, reason, hotfix, parkedAt, at) VALUES (?, ?, ?, 0, ?, ?, ?, ?)
  ON CONFLICT (kernel, method, argsSha256)
  DO UPDATE SET reason = excluded.reason, hotfix = excluded.hotfix, parkedAt = excluded.parkedAt`
const forgiveSql = `DELETE FROM poison WHERE kernel = ? AND fingerprint = ? AND hotfix IS NULL`
const unparkSql = 'DELETE FROM poison WHERE kernel = ? AND method = ? AND argsSha256 = ? AND parkedAt IS NOT NULL'

export type Crash = Required<Pick<PoisonRow, 'kernel' | 'method' | 'argsSha256' | 'fingerprint'>>
export type Parking = Pick<PoisonRow, 'kernel' | 'method' | 'argsSha256' | 'hotfix'> & { readonly reason: string }

/** Counts one more crash and returns how many there are. */
export function bump(connection: Connection, crash: Crash, at: number): number {
  const { kernel, method, argsSha256, fingerprint } = crash
  return Number(connection.get(bumpSql, [kernel, method, argsSha256, fingerprint, at])?.crashes ?? 0)
}

export function park(connection: Connection, parking: Parking, at: number): void {
  const { kernel, method, argsSha256, reason, hotfix } = parking
  connection.run(parkSql, [kernel, method, argsSha256, reason, hotfix ?? null, at, at])
}

/** Forgets what crashed with this failure, but for what a repair has parked. Returns what was parked of it. */
export function forgive(connection: Connection, kernel: string, fingerprint: string): PoisonRow[] {
  const parked = findParked(connection, kernel).filter(
    (row) => row.fingerprint === fingerprint && row.hotfix === undefined,
  )
  connection.run(forgiveSql, [kernel, fingerprint])
  return parked
}

/** Forgets everything about a kernel's messages. Returns what was parked. */
export function forgetAll(connection: Connection, kernel: string): PoisonRow[] {
  const parked = findParked(connection, kernel)
  connection.run('DELETE FROM poison WHERE kernel = ?', [kernel])
  return parked
}

/** Forgets its crashes too. False where no such message is parked. */
export function unpark(connection: Connection, kernel: string, method: string, argsSha256: string): boolean {
  return connection.run(unparkSql, [kernel, method, argsSha256]) > 0
}

/** Newest first; all of them, because each must be refused. */
export function findParked(connection: Connection, kernel?: string): PoisonRow[] {
  const parked = `${poisonTable.selectSql} WHERE parkedAt IS NOT NULL`
  const rows =
    kernel === undefined
      ? connection.all(`${parked} ORDER BY rowid DESC`)
      : connection.all(`${parked} AND kernel = ? ORDER BY rowid DESC`, [kernel])
  return rows.map((row) => poisonTable.parse(row))
}

/**
 * Messages that crash kernels, by kernel, method and hash of their arguments: how often, and whether they are parked.
 * How many crashes make a message poison is decided elsewhere.
 */
import type { Connection } from './connection.ts'
import type { PoisonRow } from './rows.ts'
import { poisonTable } from './schema.ts'

const bumpSql = `INSERT INTO poison (kernel, method, argsSha256, crashes, at) VALUES (?, ?, ?, 1, ?)
  ON CONFLICT (kernel, method, argsSha256) DO UPDATE SET crashes = crashes + 1, at = excluded.at RETURNING crashes`
const parkSql = `INSERT INTO poison (kernel, method, argsSha256, crashes, reason, parkedAt, at) VALUES (?, ?, ?, 0, ?, ?, ?)
  ON CONFLICT (kernel, method, argsSha256) DO UPDATE SET reason = excluded.reason, parkedAt = excluded.parkedAt`
const unparkSql = 'DELETE FROM poison WHERE kernel = ? AND method = ? AND argsSha256 = ? AND parkedAt IS NOT NULL'

/** Counts one more crash and returns how many there are. */
export function bump(connection: Connection, kernel: string, method: string, argsSha256: string, at: number): number {
  return Number(connection.get(bumpSql, [kernel, method, argsSha256, at])?.crashes ?? 0)
}

export function park(connection: Connection, message: Omit<PoisonRow, 'crashes' | 'parkedAt'>): void {
  const { kernel, method, argsSha256, reason, at } = message
  connection.run(parkSql, [kernel, method, argsSha256, reason ?? null, at, at])
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

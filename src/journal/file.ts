/**
 * The journal's file: made, opened, checked. A damaged one is set aside whole, so that a person can look at it, and what
 * can still be read of it goes into a new one: the runtime starts, and the kernels are where they were as far as the
 * disk allows. It does not decide what the rows mean.
 */
import { closeSync, existsSync, openSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { timestampName } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { Connection, isDamage, type SqlRow } from './connection.ts'
import type { JournalNote } from './rows.ts'
import {
  attemptTable,
  failureTable,
  hotfixTable,
  incidentTable,
  kernelTable,
  migrate,
  parkedPatternTable,
  playbookUseTable,
  poisonTable,
  refuseNewer,
  schemaVersion,
  settingTable,
  taskTable,
  versionOf,
} from './schema.ts'
import type { Table } from './table.ts'

export function journalPath(dataDir: string): string {
  return join(dataDir, 'journal.db')
}

/** @throws LazaretError JOURNAL_FAILED where it can neither be used nor replaced. */
export function openForWriting(path: string, nowMs: number): { connection: Connection; notes: JournalNote[] } {
  try {
    return { connection: openChecked(path), notes: [] }
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown
    const movedTo = setAside(path, nowMs)
    const connection = openChecked(path)
    try {
      const kept = salvage(movedTo, connection)
      return { connection, notes: [{ type: 'journal.setAside', facts: { movedTo, kept, error: toRecord(thrown) } }] }
    } catch (unsalvaged) {
      connection.close()
      throw unsalvaged
    }
  }
}

/** @throws LazaretError NOT_FOUND where there is no journal; JOURNAL_FAILED where it cannot be read. */
export function openForReading(path: string): Connection {
  const missing = () =>
    new LazaretError('NOT_FOUND', `There is no journal at ${path}`, {
      details: { path },
      hint: 'Name the dataDir of a runtime that has been started before.',
    })
  if (!existsSync(path)) throw missing()
  const connection = new Connection(path, { readOnly: true })
  try {
    const version = versionOf(connection)
    if (version === 0) throw missing()
    refuseNewer(connection, version)
    if (version < schemaVersion) {
      throw new LazaretError('JOURNAL_FAILED', `${path} was written by an older Lazaret (version ${version})`, {
        details: { path, version, knownVersion: schemaVersion },
        hint: 'Start the runtime once: it brings the file up to date.',
      })
    }
    return connection
  } catch (thrown) {
    connection.close()
    throw thrown
  }
}

function openChecked(path: string): Connection {
  makeFile(path)
  const connection = new Connection(path)
  try {
    connection.exec('PRAGMA journal_mode = WAL')
    connection.exec('PRAGMA synchronous = NORMAL')
    // The write-ahead log shrinks again after a long reading held it open.
    connection.exec('PRAGMA journal_size_limit = 16777216')
    // 70 ms for 200,000 events (measured), before any kernel runs.
    const verdict = connection.get('PRAGMA quick_check(1)')?.quick_check
    if (verdict !== 'ok') throw damaged(path, String(verdict))
    migrate(connection)
    return connection
  } catch (thrown) {
    connection.close()
    throw thrown
  }
}

function damaged(path: string, verdict: string): LazaretError {
  return new LazaretError('JOURNAL_FAILED', `${path} is damaged: ${verdict}`, {
    details: { path, sqliteCode: 11 },
    hint: 'Start the runtime again: it sets the damaged file aside and goes on with a new one.',
  })
}

/** SQLite would make it readable by everybody; arguments of dead letters are nobody else's business. */
function makeFile(path: string): void {
  if (existsSync(path)) return
  try {
    closeSync(openSync(path, 'a', 0o600))
  } catch (thrown) {
    throw new LazaretError('JOURNAL_FAILED', `${path} cannot be made`, {
      details: { path },
      hint: 'Give a dataDir that is a folder and that this process may write to.',
      cause: thrown,
    })
  }
}

/** Renames the file and its write-ahead log, and returns the new path. */
function setAside(path: string, nowMs: number): string {
  const base = `${path}.corrupt-${timestampName(nowMs)}`
  let target = base
  for (let n = 2; existsSync(target); n += 1) target = `${base}-${n}`
  try {
    renameSync(path, target)
    for (const suffix of ['-wal', '-shm']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix)
    }
  } catch (thrown) {
    throw new LazaretError('JOURNAL_FAILED', `The damaged journal ${path} cannot be set aside`, {
      details: { path, target },
      hint: 'Move journal.db, journal.db-wal and journal.db-shm away by hand, then start again.',
      cause: thrown,
    })
  }
  return target
}

/** Copies what can be read and is sound; returns the number of rows by table. A damaged page ends its table. */
function salvage(from: string, to: Connection): Record<string, number> {
  const kept: Record<string, number> = {}
  let source: Connection
  try {
    source = new Connection(from, { readOnly: true })
  } catch {
    // Not even to be opened; the file stays where it was set aside, and the note says that nothing was kept.
    return kept
  }
  const copy = <Row extends object>(table: Table<Row>) => {
    kept[table.name] = copyRows(source, `${table.selectSql} ORDER BY rowid`, (row) => table.put(to, table.parse(row)))
  }
  try {
    to.transaction(() => {
      copy(kernelTable)
      copy(hotfixTable)
      copy(settingTable)
      copy(poisonTable)
      copy(parkedPatternTable)
      copy(incidentTable)
      copy(taskTable)
      copy(attemptTable)
      copy(failureTable)
      copy(playbookUseTable)
      // The last of them are enough for their numbers to go on.
      kept.events = copyRows(
        source,
        `SELECT * FROM events ORDER BY seq DESC LIMIT ${limits.journalReadRows}`,
        (row) => {
          const values = [row.seq, row.at, row.type, row.kernel, row.facts].map((value) => value ?? null)
          to.run('INSERT INTO events (seq, at, type, kernel, facts) VALUES (?, ?, ?, ?, ?)', values)
        },
      )
    })
  } finally {
    source.close()
  }
  return kept
}

function copyRows(source: Connection, sql: string, put: (row: SqlRow) => void): number {
  let copied = 0
  try {
    for (const row of source.each(sql)) {
      try {
        put(row)
        copied += 1
      } catch {
        // This row is damaged; it stays in the file set aside, and the count tells how many came over.
      }
    }
  } catch {
    // The rest of this table cannot be read; likewise.
  }
  return copied
}

/**
 * One open SQLite file: statements prepared once, every failure a LazaretError that says what to do. All calls are
 * synchronous: when one returns, its rows are in the file (in the write-ahead log), so a kill -9 of the process cannot
 * take them back. A loss of power may take the last ones (synchronous = NORMAL), never the file's order.
 * It knows no table.
 */
import * as sqlite from 'node:sqlite'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

/** Node 26.11 renames DatabaseSync to Database. */
const { Database: Renamed } = sqlite as { Database?: typeof sqlite.DatabaseSync }
const Database = Renamed ?? sqlite.DatabaseSync

export type SqlValue = sqlite.SQLInputValue
export type SqlRow = Record<string, sqlite.SQLOutputValue>

/** SQLite's result codes that are told apart here. */
const sqliteCode = {
  busy: 5,
  corrupt: 11,
  full: 13,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  notADatabase: 26,
} as const

const hints: Record<number, string> = {
  5: 'Another process holds it. Close other programs that write to this file.',
  8: 'Give this process the right to write to the file and its folder.',
  10: 'Look at the disk and its file system; network file systems are not suitable.',
  11: 'Start the runtime again: it sets the damaged file aside and goes on with a new one.',
  13: 'Make room on the disk.',
  14: 'Look whether the folder exists, is no file, and may be written by this process.',
  26: 'Start the runtime again: it sets the damaged file aside and goes on with a new one.',
}

function sqliteErrorCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('errcode' in thrown)) return undefined
  // Extended codes carry the plain one in their low byte.
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined
}

function journalError(path: string, thrown: unknown, doing: string): LazaretError {
  if (thrown instanceof LazaretError) return thrown
  const code = sqliteErrorCode(thrown)
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new LazaretError('JOURNAL_FAILED', `${path}: ${message}`, {
    details: { path, doing: doing.slice(0, 200), ...(code === undefined ? {} : { sqliteCode: code }) },
    hint: (code === undefined ? undefined : hints[code]) ?? 'Please report this with the message above.',
    cause: thrown,
  })
}

function codeOf(error: unknown): unknown {
  return error instanceof LazaretError && error.code === 'JOURNAL_FAILED' ? error.details.sqliteCode : undefined
}

/** True where the file itself is damaged, so that trying again cannot help. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error)
  return code === sqliteCode.corrupt || code === sqliteCode.notADatabase
}

/** True where another connection holds the file. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === sqliteCode.busy
}

/** True where the values were refused, not the write: the same row will never be accepted. */
export function isRefusedRow(error: unknown): boolean {
  if (!(error instanceof LazaretError)) return false
  const code = codeOf(error)
  if (code === sqliteCode.tooBig || code === sqliteCode.constraint || code === sqliteCode.mismatch) return true
  const reason = error.cause as { code?: unknown } | undefined
  return reason?.code === 'ERR_INVALID_ARG_TYPE'
}

export class Connection {
  readonly path: string
  readonly #db: sqlite.DatabaseSync
  readonly #statements = new Map<string, sqlite.StatementSync>()

  /** @throws LazaretError JOURNAL_FAILED */
  constructor(path: string, options: { readonly readOnly?: boolean; readonly busyMs?: number } = {}) {
    this.path = path
    try {
      this.#db = new Database(path, {
        readOnly: options.readOnly ?? false,
        timeout: options.busyMs ?? limits.journalBusyMs,
      })
    } catch (thrown) {
      throw journalError(path, thrown, 'open')
    }
  }

  get inTransaction(): boolean {
    return this.#db.isOpen && this.#db.isTransaction
  }

  get isOpen(): boolean {
    return this.#db.isOpen
  }

  /** @throws LazaretError JOURNAL_FAILED after close(). */
  assertOpen(doing: string): void {
    if (this.#db.isOpen) return
    throw new LazaretError('JOURNAL_FAILED', `${this.path}: the journal is closed`, {
      details: { path: this.path, doing: doing.slice(0, 200) },
      hint: 'Close the journal last, when nothing writes to it any more.',
    })
  }

  exec(sql: string): void {
    this.#guard(sql, () => this.#db.exec(sql))
  }

  /** Returns the number of rows that were changed. */
  run(sql: string, values: readonly SqlValue[] = []): number {
    return this.#guard(sql, () => Number(this.#prepared(sql).run(...values).changes))
  }

  get(sql: string, values: readonly SqlValue[] = []): SqlRow | undefined {
    return this.#guard(sql, () => this.#prepared(sql).get(...values))
  }

  all(sql: string, values: readonly SqlValue[] = []): SqlRow[] {
    return this.#guard(sql, () => this.#prepared(sql).all(...values))
  }

  /** Row after row, for a file that may fail on the way. */
  *each(sql: string): Generator<SqlRow> {
    const rows = this.#guard(sql, () => this.#prepared(sql).iterate())
    for (;;) {
      const next = this.#guard(sql, () => rows.next())
      if (next.done === true) return
      yield next.value
    }
  }

  /** All or nothing. One inside another joins it. `run` must be synchronous. */
  transaction<T>(run: () => T): T {
    if (this.inTransaction) return run()
    this.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      if (typeof result === 'object' && result !== null && 'then' in result) {
        throw new LazaretError('OPTION_INVALID', 'A transaction of the journal was given an asynchronous function.', {
          hint: 'Gather what is needed first, then write it in one synchronous function.',
        })
      }
      this.exec('COMMIT')
      return result
    } catch (thrown) {
      // On a full disk SQLite has ended the transaction by itself.
      if (this.inTransaction) this.exec('ROLLBACK')
      throw thrown
    }
  }

  /** Safe to call twice. */
  close(): void {
    if (!this.#db.isOpen) return
    this.#statements.clear()
    this.#guard('close', () => this.#db.close())
  }

  #prepared(sql: string): sqlite.StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #guard<T>(sql: string, run: () => T): T {
    this.assertOpen(sql)
    try {
      return run()
    } catch (thrown) {
      throw journalError(this.path, thrown, sql)
    }
  }
}

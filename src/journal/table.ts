/**
 * From plain objects to columns and back. A table is described once, a kind for each key of its row, and the compiler
 * holds the description against the row's type. `json` columns hold plain data as text; an absent key is NULL.
 * It knows nothing of what the rows mean.
 */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Connection, SqlRow, SqlValue } from './connection.ts'

type Kind = 'plain' | 'json'
type Columns<Row> = { readonly [K in keyof Required<Row>]: Kind }
type Filter<Row> = { readonly [K in keyof Row]?: SqlValue | undefined }

/** @throws LazaretError OPTION_INVALID unless it is a whole number above 0. */
export function checkedLimit(limit: number | undefined): number {
  if (limit === undefined) return limits.journalReadRows
  if (Number.isSafeInteger(limit) && limit > 0) return limit
  throw new LazaretError('OPTION_INVALID', `limit must be a whole number above 0. Got: ${String(limit)}`, {
    details: { option: 'limit' },
    hint: `Leave it out for the default of ${limits.journalReadRows}.`,
  })
}

/** `WHERE` for the keys that have a value, and the values. */
export function whereClause(filter: Readonly<Record<string, SqlValue | undefined>>): [string, SqlValue[]] {
  const conditions: string[] = []
  const values: SqlValue[] = []
  for (const [key, value] of Object.entries(filter)) {
    if (value === undefined) continue
    conditions.push(`"${key}" = ?`)
    values.push(value)
  }
  return [conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values]
}

export class Table<Row extends object> {
  readonly name: string
  readonly #columns: readonly [string, Kind][]
  readonly #insertSql: string
  readonly #putSql: string
  readonly selectSql: string

  /** @param key the columns that name a row, as in the schema; none: rows are only ever added. */
  constructor(name: string, key: readonly (keyof Row & string)[], columns: Columns<Row>) {
    this.name = name
    this.#columns = Object.entries<Kind>(columns)
    const names = this.#columns.map(([column]) => `"${column}"`)
    const values = `(${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    const updates = names.map((column) => `${column} = excluded.${column}`).join(', ')
    const keyNames = key.map((column) => `"${column}"`).join(', ')
    this.#insertSql = `INSERT INTO "${name}" ${values}`
    this.#putSql =
      key.length === 0 ? this.#insertSql : `${this.#insertSql} ON CONFLICT (${keyNames}) DO UPDATE SET ${updates}`
    this.selectSql = `SELECT ${names.join(', ')} FROM "${name}"`
  }

  /** Adds a row; one of the same key is an error. */
  insert(connection: Connection, row: Row): void {
    connection.run(this.#insertSql, this.#values(row))
  }

  /** Adds a row or replaces the one of the same key, which keeps its place in the order. */
  put(connection: Connection, row: Row): void {
    connection.run(this.#putSql, this.#values(row))
  }

  find(connection: Connection, filter: Filter<Row>, order: string, limit?: number): Row[] {
    const [where, values] = whereClause(filter)
    return connection
      .all(`${this.selectSql} ${where} ORDER BY ${order} LIMIT ?`, [...values, checkedLimit(limit)])
      .map((row) => this.parse(row))
  }

  findOne(connection: Connection, filter: Filter<Row>, order = 'rowid DESC'): Row | undefined {
    return this.find(connection, filter, order, 1)[0]
  }

  /** @throws LazaretError JOURNAL_FAILED where a column holds no JSON. */
  parse(row: SqlRow): Row {
    const parsed: Record<string, unknown> = {}
    for (const [column, kind] of this.#columns) {
      const value = row[column]
      if (value === null || value === undefined) continue
      parsed[column] = kind === 'json' ? this.#parseJson(column, value) : value
    }
    // The schema and #values saw to the types when the row was written.
    return parsed as Row
  }

  #parseJson(column: string, value: unknown): unknown {
    try {
      return JSON.parse(String(value))
    } catch (thrown) {
      throw new LazaretError('JOURNAL_FAILED', `${this.name}.${column} holds a text that is no JSON`, {
        details: { table: this.name, column },
        hint: 'The file was changed by another program or damaged. Move journal.db away and start the runtime again.',
        cause: thrown,
      })
    }
  }

  #values(row: Row): SqlValue[] {
    return this.#columns.map(([column, kind]) => {
      const value: unknown = Reflect.get(row, column)
      if (value === undefined || value === null) return null
      return kind === 'json' ? this.#toJson(column, value) : (value as SqlValue)
    })
  }

  #toJson(column: string, value: unknown): string {
    try {
      return JSON.stringify(value)
    } catch (thrown) {
      throw new LazaretError('JOURNAL_FAILED', `${this.name}.${column} was given a value that is no plain data`, {
        details: { table: this.name, column },
        hint: 'Give it objects, arrays, texts, numbers and booleans, without cycles.',
        cause: thrown,
      })
    }
  }
}

/**
 * Reads CSV into records: each row becomes the record that its id column names. A bad row is refused with its line and
 * the reason, and the others go on. When the records themselves are away, the import ends there, and says of every row
 * that it was not written: the same file can then be imported again, since a row that is there is written over.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Refused, type Row, readTable, refusal } from './table.ts'

export interface ImportsConfig {
  /** Rows of one import at most. Default 5000. */
  maxRows?: number
  /** Bytes of one import at most. Default 1048576. */
  maxBytes?: number
  /** How long the records may take for one row. Milliseconds, default 1000. */
  askMs?: number
  /** After this, no further row is written. Milliseconds, default 20000. */
  importMs?: number
}
interface ImportsState {
  imports: number
  rows: number
  refused: number
}
/** `refused` lists the first 100; `more` is how many there are beyond them. */
export type Imported = { rows: number; refused: Refused[]; more: number }
type Records = { put(kind: string, id: string, value: unknown): Promise<{ version: number }> }

const listed = 100

function readConfig(config: ImportsConfig): Required<ImportsConfig> {
  const { maxRows = 5000, maxBytes = 1_048_576, askMs = 1000, importMs = 20_000 } = config
  const read = { maxRows, maxBytes, askMs, importMs }
  for (const [name, value] of Object.entries(read)) {
    if (Number.isSafeInteger(value) && value > 0) continue
    throw refusal('CONFIG_INVALID', `config.${name}: accepted is a whole number above 0. Got: ${String(value)}`)
  }
  return read
}

function readState(state: ImportsState | undefined): ImportsState {
  const { imports, rows, refused } = state ?? { imports: 0, rows: 0, refused: 0 }
  if ([imports, rows, refused].every(Number.isSafeInteger)) return { imports, rows, refused }
  throw refusal('STATE_INVALID', 'The restored state holds no counts of imports.')
}

function readOptions(options: unknown): string {
  const id: unknown = Object(options).id
  if (typeof id === 'string' && id.trim() !== '') return id
  throw refusal('INVALID_ARGUMENT', 'options.id must be the name of the column that names the records.')
}

/** Of the records' failure: theirs with this one row, or are they away for all of them? */
function isOfTheRow(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'HANDLER_FAILED'
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return isOfTheRow(error) && cause instanceof Error ? cause.message : message
}

const kernel = defineKernel({
  start(ctx: KernelContext<ImportsState, ImportsConfig>) {
    const { maxRows, maxBytes, askMs, importMs } = readConfig(ctx.config)
    const counts = readState(ctx.restored)
    // A row is written over by the same row, so it may be delivered twice.
    const records = ctx.ref<Records>('records').with({ deadlineMs: askMs, idempotent: true })

    const read = (text: unknown, options: unknown) => {
      if (typeof text !== 'string') throw refusal('INVALID_ARGUMENT', `text must be a text. Got: ${typeof text}`)
      const bytes = Buffer.byteLength(text)
      if (bytes > maxBytes) {
        throw refusal('CSV_TOO_LARGE', `An import has ${maxBytes} bytes at most. Got: ${bytes}. Split the file.`)
      }
      return readTable(text, readOptions(options), maxRows)
    }
    /** Undefined where it was written. `over`: so will be every later one. */
    const write = async (kind: string, { id, value }: Row): Promise<{ why: string; over: boolean } | undefined> => {
      try {
        await records.ask.put(kind, id, value)
        return undefined
      } catch (error) {
        return { why: reasonOf(error), over: !isOfTheRow(error) }
      }
    }
    return {
      api: {
        /** @param options `id`: the column whose value names the record. The first line names the columns. */
        async importCsv(kind: string, text: string, options: { id: string }): Promise<Imported> {
          if (typeof kind !== 'string' || kind.trim() === '') {
            throw refusal('INVALID_ARGUMENT', `kind must be a text that is not blank. Got: ${typeof kind}`)
          }
          const { rows, refused } = read(text, options)
          const startedAt = performance.now()
          let written = 0
          let over: string | undefined
          for (const row of rows) {
            if (ctx.signal.aborted) over ??= 'this kernel was being stopped'
            if (performance.now() - startedAt > importMs) over ??= `the import took longer than ${importMs} ms`
            const failed = over === undefined ? await write(kind, row) : { why: over, over: true }
            if (failed === undefined) written += 1
            else {
              if (failed.over) over = failed.why
              refused.push({ line: row.line, why: `not written: ${failed.why}` })
            }
          }
          counts.imports += 1
          counts.rows += written
          counts.refused += refused.length
          refused.sort((a, b) => a.line - b.line)
          return { rows: written, refused: refused.slice(0, listed), more: Math.max(0, refused.length - listed) }
        },
        /** What an import of this text would write and refuse; nothing is written. */
        preview(text: string, options: { id: string }): Imported & { first: Row[] } {
          const { rows, refused } = read(text, options)
          const more = Math.max(0, refused.length - listed)
          return { rows: rows.length, refused: refused.slice(0, listed), more, first: rows.slice(0, 10) }
        },
        /** Counts since ever. */
        stats: (): ImportsState => ({ ...counts }),
      },
      snapshot: (): ImportsState => ({ ...counts }),
    }
  },
})
export default kernel
export type Imports = KernelApi<typeof kernel>

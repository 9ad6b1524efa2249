/**
 * A text in CSV, as rows to write and rows to refuse, each refused one with its line and the reason. One bad row costs
 * the others nothing; but after a quote in the wrong place nobody knows where a row ends, so such a text is refused whole,
 * as is one whose first line is no header. Nothing is written here.
 */
import { CsvError, parse } from 'csv-parse/sync'

export interface Row {
  /** Of the line on which the row ends, counted from 1; the header is line 1. */
  line: number
  id: string
  value: Record<string, string>
}
export interface Refused {
  line: number
  why: string
}
export interface Table {
  rows: Row[]
  refused: Refused[]
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

const most = { columns: 200, idChars: 200 }
type Parsed = { record: string[]; info: { lines: number } }

/** @param idColumn the column whose value names the record. @throws an error with the code CSV_INVALID. */
export function readTable(text: string, idColumn: string, maxRows: number): Table {
  const [header, ...records] = parseCsv(text)
  const columns = readHeader(header, idColumn)
  if (records.length > maxRows) {
    throw refusal('CSV_TOO_LARGE', `An import has ${maxRows} rows at most. Got: ${records.length}. Split the file.`)
  }
  const rows: Row[] = []
  const refused: Refused[] = []
  const seen = new Map<string, number>()
  for (const { record, info } of records) {
    const line = info.lines
    const id = record[columns.indexOf(idColumn)] ?? ''
    const first = seen.get(id)
    if (record.length !== columns.length) {
      refused.push({ line, why: `it has ${record.length} fields, the header has ${columns.length}` })
    } else if (id.trim() === '' || id.length > most.idChars) {
      refused.push({ line, why: `${idColumn} must have 1 to ${most.idChars} characters, and not only blanks` })
    } else if (first !== undefined) {
      refused.push({ line, why: `${idColumn} ${JSON.stringify(id)} stands on line ${first} already` })
    } else {
      seen.set(id, line)
      // Entries and not assignments: a column may be named __proto__.
      rows.push({ line, id, value: Object.fromEntries(columns.map((column, at) => [column, record[at] ?? ''])) })
    }
  }
  return { rows, refused }
}

function parseCsv(text: string): Parsed[] {
  try {
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true }
    return parse(text, options) as unknown as Parsed[]
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw refusal('CSV_INVALID', `The text is no CSV: ${error.message}`)
  }
}

function readHeader(header: Parsed | undefined, idColumn: string): string[] {
  const columns = header?.record ?? []
  const wrong = (what: string) => refusal('CSV_INVALID', `The first line must name the columns: ${what}.`)
  if (columns.length === 0) throw wrong('there is none')
  if (columns.length > most.columns) throw wrong(`${columns.length} are more than ${most.columns}`)
  if (columns.some((column) => column.trim() === '')) throw wrong('one of them is blank')
  const double = columns.find((column, at) => columns.indexOf(column) !== at)
  if (double !== undefined) throw wrong(`${JSON.stringify(double)} stands there twice`)
  if (columns.includes(idColumn)) return columns
  throw wrong(`${JSON.stringify(idColumn)} is not among ${columns.slice(0, 20).join(', ')}`)
}

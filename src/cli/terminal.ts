/**
 * What the commands print with: aligned tables, times and sizes as people read them, colours where there is a terminal
 * that wants them (util.styleText looks at NO_COLOR and at the stream itself). It prints nothing by itself.
 */
import { relative } from 'node:path'
import { styleText } from 'node:util'
import { safeLine } from '../base/redact.ts'

export type Style = Parameters<typeof styleText>[0]

export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream })
}

/** Undefined where the stream is no terminal: then nothing is cut or wrapped. */
export function terminalWidth(stream: NodeJS.WriteStream = process.stdout): number | undefined {
  return stream.isTTY === true && stream.columns > 0 ? stream.columns : undefined
}

export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3)).toWellFormed()}...`
}

/** Lines of at most `width` characters, broken at spaces where there are some. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const end = space > width / 3 ? space : width
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, rest]
}

export interface Column {
  readonly title: string
  /** Numbers stand on the right. */
  readonly right?: true
}

export type Cell = string | { readonly text: string; readonly style: Style }

/** The last column is cut at the edge of the terminal; elsewhere nothing is. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const textOf = (cell: Cell | undefined): string => safeLine(typeof cell === 'object' ? cell.text : (cell ?? ''))
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[index]).length)),
  )
  const edge = terminalWidth()
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const room = edge === undefined ? Number.POSITIVE_INFINITY : Math.max(12, edge - before)
  const line = (cells: readonly Cell[]): string =>
    columns
      .map(({ right }, index) => {
        const isLast = index === columns.length - 1
        const text = isLast ? clip(textOf(cells[index]), room) : textOf(cells[index])
        const width = widths[index] ?? 0
        const padded = right ? text.padStart(width) : isLast ? text : text.padEnd(width)
        const cell = cells[index]
        return typeof cell === 'object' ? styled(cell.style, padded) : padded
      })
      .join('  ')
  const head = line(columns.map(({ title }) => ({ text: title, style: 'dim' })))
  return [head, ...rows.map(line)].map((text) => text.trimEnd()).join('\n')
}

/** `340 ms`, `12.5 s`, `3 min 20 s`, `5 h 2 min`, `4 d 1 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.floor(ms / 1000)
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return `${minutes} min ${seconds % 60} s`
}

export function ago(at: number, nowMs: number): string {
  return `${duration(Math.max(0, nowMs - at))} ago`
}

/** `05:16:02`, in local time. */
export function timeOfDay(epochMs: number): string {
  return new Date(epochMs).toTimeString().slice(0, 8)
}

/** As short as it can be said from the working directory. */
export function pathFromHere(path: string): string {
  const fromHere = relative('', path)
  return fromHere !== '' && !fromHere.startsWith('..') ? fromHere : path
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** Green in service, yellow on the way, red out of it. */
export function stateCell(state: string): { readonly text: string; readonly style: Style } {
  const first = state.split('.', 1)[0] ?? ''
  if (first === 'running') return { text: state, style: 'green' }
  if (first === 'quarantined' || first === 'failed') return { text: state, style: 'red' }
  return { text: state, style: first === 'stopped' ? 'dim' : 'yellow' }
}

/**
 * What the commands print with: aligned tables, times and counts as people read them, colours where there is a terminal
 * that wants them (util.styleText looks at NO_COLOR and at the stream itself). It prints nothing by itself.
 */
import { relative } from 'node:path'
import { styleText } from 'node:util'
import { safeLine } from '../base/redact.ts'

export { ago, clockTime, count, duration } from '../base/words.ts'

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
  /** Left out where the terminal is too narrow for all; of several the one with the highest number first. */
  readonly spare?: number
}

export type Cell = string | { readonly text: string; readonly style: Style }

/** Less room than this for the last column, and it gets a line of its own below each row. Characters. */
const leastRoom = 28

const textOf = (cell: Cell | undefined): string => safeLine(typeof cell === 'object' ? cell.text : (cell ?? ''))

/**
 * Aligned columns. Where the terminal is too narrow, spare columns go, then the last one moves below its row, and what is
 * still too long of it is cut.
 * @param edge characters of a line; by default the terminal's, and none where there is no terminal.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  edge: number = terminalWidth() ?? Number.POSITIVE_INFINITY,
): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[index]).length)),
  )
  const last = columns.length - 1
  const shown = columns.map((_, index) => index)
  const taken = (indices: readonly number[]) => indices.reduce((sum, index) => sum + (widths[index] ?? 0) + 2, -2)
  const needs = () => {
    const others = taken(shown.filter((index) => index !== last))
    return shown.includes(last) ? others + 2 + Math.min(leastRoom, widths[last] ?? 0) : others
  }
  for (const index of bySpare(columns)) if (needs() > edge) shown.splice(shown.indexOf(index), 1)
  const isBelow = shown.includes(last) && shown.length > 1 && needs() > edge
  const beside = isBelow ? shown.filter((index) => index !== last) : shown

  const cellText = (index: number, cell: Cell | undefined, room: number): string => {
    const text = index === last ? clip(textOf(cell), room) : textOf(cell)
    const isEnd = index === beside.at(-1)
    const padded = columns[index]?.right
      ? text.padStart(widths[index] ?? 0)
      : isEnd
        ? text
        : text.padEnd(widths[index] ?? 0)
    return typeof cell === 'object' ? styled(cell.style, padded) : padded
  }
  const room = Math.max(12, edge - taken(beside.filter((index) => index !== last)) - 2)
  const line = (cells: readonly Cell[]): string => {
    const first = beside
      .map((index) => cellText(index, cells[index], room))
      .join('  ')
      .trimEnd()
    const below = isBelow ? cellText(last, cells[last], edge - 2).trimEnd() : ''
    return below === '' ? first : `${first}\n  ${below}`
  }
  const head = line(columns.map(({ title }) => ({ text: title, style: 'dim' })))
  return [head, ...rows.map(line)].join('\n')
}

function bySpare(columns: readonly Column[]): number[] {
  const spare = (index: number) => columns[index]?.spare ?? 0
  return columns
    .map((_, index) => index)
    .filter((index) => spare(index) > 0)
    .sort((a, b) => spare(b) - spare(a))
}

/** As short as it can be said from the working directory. */
export function pathFromHere(path: string): string {
  const fromHere = relative('', path)
  return fromHere !== '' && !fromHere.startsWith('..') ? fromHere : path
}

/** Green in service, yellow on the way, red out of it. */
export function stateCell(state: string): { readonly text: string; readonly style: Style } {
  const first = state.split('.', 1)[0] ?? ''
  if (first === 'running') return { text: state, style: 'green' }
  if (first === 'quarantined' || first === 'failed') return { text: state, style: 'red' }
  return { text: state, style: first === 'stopped' ? 'dim' : 'yellow' }
}

/** Why a kernel is parked, and what a person can do; a reason that names a command says so itself. */
export function whatNow(id: string, why: string): string {
  const reason = why.replace(/\.$/, '')
  return reason.includes('lazaret ') ? reason : `${reason}. Mend it, then: lazaret rejoin ${id}`
}

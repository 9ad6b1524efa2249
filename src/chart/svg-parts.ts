/** The pieces of a picture as SVG: rounded lines, arrow heads, text with its glyph, numbers and escapes. */
import { type Glyph, measure, type TextLine, type } from './content.ts'
import type { Box, Point } from './model.ts'
import { textWidth } from './text-width.ts'

/** Two decimals at most. */
export const n = (value: number): string => String(Math.round(value * 100) / 100)

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Also drops what XML 1.0 has no way to write: control characters and halves of surrogate pairs. */
export function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/[&<>"']/g, (character) => entities[character] ?? '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
  )
}

/** As `escaped`, for what is read: signs that turn the direction of writing round are shown rather than obeyed. */
export const shown = (text: string): string => escaped(withoutTurns(text))

/** A name could else be read as another (`\u202eevil` as `live`), and take what stands beside it along. */
export function withoutTurns(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

const headLength = 8
const headWidth = 7

/** The path with its corners rounded; it ends short of the tip, where the head is. */
export function roundedPath(points: readonly Point[], radius: number, short = headLength - 2): string {
  const line = shortened(points, short)
  const [first, ...rest] = line
  if (first === undefined) return ''
  const parts = [`M${n(first.x)} ${n(first.y)}`]
  rest.forEach((point, index) => {
    const [before, after] = [line[index], line[index + 2]]
    if (before === undefined || after === undefined) {
      parts.push(`L${n(point.x)} ${n(point.y)}`)
      return
    }
    const corner = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2)
    const [from, to] = [toward(point, before, corner), toward(point, after, corner)]
    parts.push(`L${n(from.x)} ${n(from.y)}Q${n(point.x)} ${n(point.y)} ${n(to.x)} ${n(to.y)}`)
  })
  return parts.join('')
}

function shortened(points: readonly Point[], by: number): Point[] {
  const [tip, before] = [points.at(-1), points.at(-2)]
  if (tip === undefined || before === undefined) return [...points]
  return [...points.slice(0, -1), toward(tip, before, Math.min(by, distance(tip, before)))]
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y)

function toward(from: Point, to: Point, by: number): Point {
  const length = distance(from, to)
  if (length === 0) return from
  return { x: from.x + ((to.x - from.x) * by) / length, y: from.y + ((to.y - from.y) * by) / length }
}

/** The same in pieces, left out where one of these boxes stands on it: no line runs under a label. */
export function gappedPaths(points: readonly Point[], boxes: readonly Box[], radius: number): string[] {
  const pieces = withGaps(shortened(points, headLength - 2), boxes)
  return pieces.map((piece) => roundedPath(piece, radius, 0))
}

function withGaps(points: readonly Point[], boxes: readonly Box[]): Point[][] {
  const gap = around(boxes)
  if (gap === undefined) return [[...points]]
  const pieces: Point[][] = [[]]
  points.forEach((point, index) => {
    const before = points[index - 1]
    const cut = before === undefined ? undefined : within(before, point, gap)
    if (before !== undefined && cut !== undefined) {
      if (cut.from > 0) pieces.at(-1)?.push(between(before, point, cut.from))
      pieces.push([])
      if (cut.to < 1) pieces.at(-1)?.push(between(before, point, cut.to))
    }
    if (cut === undefined || cut.to < 1) pieces.at(-1)?.push(point)
  })
  return pieces.filter((piece) => piece.length > 1)
}

function around(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined
  const x = Math.min(...boxes.map((box) => box.x))
  const y = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const bottom = Math.max(...boxes.map((box) => box.y + box.height))
  return { x, y, width: right - x, height: bottom - y }
}

const between = (a: Point, b: Point, share: number): Point => ({
  x: a.x + (b.x - a.x) * share,
  y: a.y + (b.y - a.y) * share,
})

/** The part of a level or upright line that lies in a box, as shares of its length. */
function within(a: Point, b: Point, box: Box): { from: number; to: number } | undefined {
  const isUpright = Math.abs(a.x - b.x) < Math.abs(a.y - b.y)
  const [low, high] = isUpright ? [box.y, box.y + box.height] : [box.x, box.x + box.width]
  const across = isUpright ? a.x : a.y
  const [near, far] = isUpright ? [box.x, box.x + box.width] : [box.y, box.y + box.height]
  if (across <= near || across >= far) return undefined
  const [start, end] = isUpright ? [a.y, b.y] : [a.x, b.x]
  if (start === end) return undefined
  const shares = [(low - start) / (end - start), (high - start) / (end - start)]
  const [from, to] = [Math.max(0, Math.min(...shares)), Math.min(1, Math.max(...shares))]
  return from < to ? { from, to } : undefined
}

/** The head at the end of a path. */
export function arrow(points: readonly Point[], length = headLength): string {
  const [tip, before] = [points.at(-1), points.at(-2)]
  if (tip === undefined || before === undefined) return ''
  const base = toward(tip, before, length)
  const total = distance(tip, base)
  if (total === 0) return ''
  const half = (headWidth * length) / headLength / 2
  const [dx, dy] = [((tip.y - base.y) / total) * half, (-(tip.x - base.x) / total) * half]
  return `M${n(tip.x)} ${n(tip.y)}L${n(base.x + dx)} ${n(base.y + dy)}L${n(base.x - dx)} ${n(base.y - dy)}Z`
}

/** Upper part of a box, inside its border. */
export function roundedTop({ x, y, width }: Box, height: number, radius: number): string {
  const [left, right, top, bottom] = [x + 0.6, x + width - 0.6, y + 0.6, y + height]
  const r = radius - 0.6
  return `M${n(left)} ${n(bottom)}V${n(top + r)}Q${n(left)} ${n(top)} ${n(left + r)} ${n(top)}H${n(right - r)}Q${n(right)} ${n(top)} ${n(right)} ${n(top + r)}V${n(bottom)}Z`
}

/** In a square of 11 pixels. */
const glyphs: Readonly<Record<Glyph, string>> = {
  after: 'M5.5 1A4.5 4.5 0 1 1 5.49 1ZM5.5 3V5.5L7.4 6.8',
  always: 'M6.6 0.8L2.2 6.2H5.2L4.4 10.2L8.8 4.8H5.8Z',
  entry: 'M1 5.5H7M4.6 3L7.1 5.5L4.6 8M9.8 1.5V9.5',
  exit: 'M4 5.5H10M7.6 3L10.1 5.5L7.6 8M1.2 1.5V9.5',
  invoke: 'M5.5 1A4.5 4.5 0 1 1 5.49 1ZM4.4 3.6L7.6 5.5L4.4 7.4Z',
  spawn: 'M5.5 1.5V9.5M1.5 5.5H9.5',
}

/** One line of text, its upper edge at y. Each piece has its own place, so that a narrower font leaves no holes between. */
export function textLine({ glyph, spans }: TextLine, x: number, y: number): string {
  const baseline = y + measure.lineHeight - 4
  const parts: string[] = []
  let at = x
  if (glyph !== undefined) {
    parts.push(`<path class="glyph" transform="translate(${n(at)} ${n(y + 2)})" d="${glyphs[glyph]}"/>`)
    at += measure.glyphWidth
  }
  const isTags = spans[0]?.role === 'tag'
  if (isTags) {
    for (const { text } of spans) {
      const width = textWidth(text, type.tag) + 2 * measure.tagPadX
      parts.push(
        `<rect class="chip" x="${n(at)}" y="${n(y)}" width="${n(width)}" height="14" rx="7"/><text class="tag" x="${n(at + width / 2)}" y="${n(y + 10.5)}" text-anchor="middle">${shown(text)}</text>`,
      )
      at += width + measure.spanGap
    }
    return parts.join('')
  }
  const pieces = spans.map(({ role, text }, index) => {
    const gap = index === 0 ? '' : ` dx="${measure.spanGap}"`
    return `<tspan class="${role}"${gap}>${shown(text)}</tspan>`
  })
  return `${parts.join('')}<text x="${n(at)}" y="${n(baseline)}">${pieces.join('')}</text>`
}

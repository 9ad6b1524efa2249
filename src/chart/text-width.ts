/**
 * How wide a text will be, without a screen: advance widths of DejaVu Sans, which is the widest of the fonts that a page
 * or a PNG falls back to. A box that is made by it is a little generous in a narrower font, and too small in none. Also
 * cuts and wraps by it. It knows no kerning and no ligatures: both make a text narrower.
 */

/** Of the characters from space to `~`, in hundredths of the font's size. */
const plain = table(
  '32 41 46 84 64 96 78 28 40 40 50 84 32 37 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 54 100 69 69 70 78 64 58 78 76 30 30 66 56 87 75 79 61 79 70 64 62 74 69 99 69 62 69 40 34 40 84 50 50 62 64 55 64 62 36 64 64 28 28 58 28 98 64 62 64 64 42 53 40 64 60 82 60 60 53 64 34 64 84',
)
const bold = table(
  '35 46 53 84 70 101 88 31 46 46 53 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 59 100 78 77 74 84 69 69 83 84 38 38 78 64 100 84 86 74 86 78 73 69 82 78 111 78 73 73 46 37 46 84 50 50 68 72 60 72 68 44 72 72 35 35 67 35 105 72 69 72 72 50 60 48 72 66 93 65 66 59 72 37 72 84',
)

function table(text: string): readonly number[] {
  return text.split(' ').map(Number)
}

export interface Font {
  /** Pixels. */
  readonly size: number
  readonly bold?: boolean
}

const ellipsis = '…'

/** Pixels. */
export function textWidth(text: string, font: Font): number {
  let hundredths = 0
  for (const character of text) hundredths += advance(character.codePointAt(0) ?? 0, font.bold === true)
  return (hundredths * font.size) / 100
}

function advance(code: number, isBold: boolean): number {
  if (code < 0x20) return 0
  if (code < 0x7f) return (isBold ? bold : plain)[code - 0x20] ?? 100
  if (isCombining(code)) return 0
  if (code === 0x2026) return 100
  // Pictures and East Asian characters fill a square, pictures rather more.
  if (code >= 0x1f000) return 138
  if (isSquare(code)) return 105
  return isBold ? 92 : 84
}

function isCombining(code: number): boolean {
  return (
    (code >= 0x300 && code <= 0x36f) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0x20d0 && code <= 0x20ff)
  )
}

function isSquare(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2190 && code <= 0x2bff) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60)
  )
}

/** The text itself where it fits, else its beginning and an ellipsis. Never cuts a character in two. */
export function cutToWidth(text: string, width: number, font: Font): string {
  if (textWidth(text, font) <= width) return text
  let kept = ''
  let left = width - textWidth(ellipsis, font)
  for (const character of text) {
    left -= textWidth(character, font)
    if (left < 0) break
    kept += character
  }
  return `${kept.trimEnd()}${ellipsis}`
}

/** Lines of at most this width, broken where words of a name or of code end; the last of `lines` is cut where there is more. */
export function wrapToWidth(text: string, width: number, lines: number, font: Font): string[] {
  const pieces = text.replace(/\s+/g, ' ').trim().split(breaks)
  const wrapped: string[] = []
  let line = ''
  for (const [index, piece] of pieces.entries()) {
    if (line === '' || textWidth((line + piece).trimEnd(), font) <= width) {
      line += piece
      continue
    }
    if (wrapped.length === lines - 1) {
      line += pieces.slice(index).join('')
      break
    }
    wrapped.push(cutToWidth(line.trimEnd(), width, font))
    line = piece
  }
  if (line !== '') wrapped.push(cutToWidth(line.trimEnd(), width, font))
  return wrapped
}

/** After a space, a sign of punctuation, and between the words of a camelCase name. */
const breaks = /(?<=[\s_.,:;(/-])(?=[^\s])|(?<=[a-z0-9])(?=[A-Z])/u

/**
 * An SVG as a PNG, without a browser. Text needs a font of the machine's own: a server or a slim container may have none,
 * and the picture would then come out without a word on it, so that is looked for first.
 */
import { Resvg } from '@resvg/resvg-js'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

export interface ChartPng {
  readonly bytes: Uint8Array
  /** Pixels of the picture to one of the SVG: less than asked for where it would have been too large. */
  readonly scale: number
}

/** The widths of a layout are those of the first; none of the others is wider. */
const families = ['DejaVu Sans', 'Verdana', 'Noto Sans', 'Liberation Sans', 'Arial', 'Helvetica', 'Roboto', 'Segoe UI']

/**
 * @param svg With its colours written out (`theme` light or dark): nobody is asked here which one is preferred.
 * @param scale Default 2, for screens of today.
 * @throws LazaretError FONT_MISSING.
 */
export function chartPng(svg: string, scale = 2): ChartPng {
  const defaultFontFamily = fontFamily()
  const font = { loadSystemFonts: true, defaultFontFamily }
  const { width, height } = new Resvg(svg, { font: { loadSystemFonts: false } })
  const fitting = fittingScale(width, height, scale)
  const bytes = new Resvg(svg, { font, fitTo: { mode: 'zoom', value: fitting } }).render().asPng()
  return { bytes, scale: fitting }
}

/** The scale that is asked for, or the largest at which the picture still fits into limits.chartPngPixels. */
export function fittingScale(width: number, height: number, scale: number): number {
  return Math.min(scale, Math.sqrt(limits.chartPngPixels / (width * height)))
}

/** The first of the families that is there; else whatever is. */
function fontFamily(): string {
  const unknown = textWidthIn('No Such Family')
  if (unknown === undefined) {
    throw new LazaretError('FONT_MISSING', 'there is no font on this machine to draw the text of a PNG with', {
      hint: 'Debian and Ubuntu: apt-get install fonts-dejavu-core; Alpine: apk add font-dejavu. Or take an SVG: --format svg',
    })
  }
  return families.find((family) => textWidthIn(family) !== unknown) ?? 'sans-serif'
}

/** Of a probe; the same for all families that are not there, since the same one stands in for them. */
function textWidthIn(defaultFontFamily: string): number | undefined {
  const probe = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text y="20" font-family="${defaultFontFamily}">Waiting, 10 ms</text></svg>`
  return new Resvg(probe, { font: { loadSystemFonts: true, defaultFontFamily } }).getBBox()?.width
}

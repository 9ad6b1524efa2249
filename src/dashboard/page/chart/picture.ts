/**
 * A drawn chart as part of the page: the server's SVG, read as XML and never as HTML, with nothing in it that could act
 * or ask for something. Its colours come from the page, by a stylesheet that needs no inline style.
 */
import { chartColours, embeddedStyle } from '../../../chart/svg-style.ts'

const refusedElements = new Set(['script', 'foreignobject', 'iframe', 'animate', 'set', 'a', 'use', 'image', 'style'])

/** @throws Error where the text is no SVG. */
export function pictureOf(svg: string): SVGSVGElement {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml')
  const problem = parsed.querySelector('parsererror')
  if (problem !== null) throw new Error(`The drawing cannot be read: ${problem.textContent?.slice(0, 200) ?? ''}`)
  const root = document.importNode(parsed.documentElement, true)
  if (!(root instanceof SVGSVGElement)) throw new Error(`The drawing is no SVG. Got: <${root.nodeName}>.`)
  for (const element of root.querySelectorAll('*')) clean(element)
  // The page has a ground of its own.
  root.querySelector(':scope > .ground')?.remove()
  return root
}

function clean(element: Element): void {
  if (refusedElements.has(element.localName.toLowerCase())) {
    element.remove()
    return
  }
  for (const { name } of [...element.attributes]) {
    if (/^on/i.test(name) || /href$/i.test(name) || name === 'style') element.removeAttribute(name)
  }
}

let isStyled = false

/** The drawing's own stylesheet, with its colours for light and dark. */
export function styleCharts(): void {
  if (isStyled) return
  isStyled = true
  const sheet = new CSSStyleSheet()
  const { light, dark } = chartColours
  const colours = (Object.keys(light) as (keyof typeof light)[]).map(
    (name) => `--chart-${name}: light-dark(${light[name]}, ${dark[name]});`,
  )
  sheet.replaceSync(`:root { ${colours.join(' ')} }\n${embeddedStyle()}`)
  // First, so that what the page says of charts counts more.
  document.adoptedStyleSheets = [sheet, ...document.adoptedStyleSheets]
}

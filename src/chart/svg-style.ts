/**
 * Colours and type of a drawn chart, as a stylesheet. On a page the colours are custom properties (`--chart-...`) that the
 * page sets; in a file they are written out, since what turns an SVG into a PNG knows no custom properties.
 */
import { type TextRole, type } from './content.ts'

export type ChartTheme = 'auto' | 'light' | 'dark'

/** Text on each ground that it stands on has a contrast of 4.5 and more (WCAG AA). */
export const chartColours = {
  light: {
    ...{ ground: '#f6f7f9', root: '#fbfcfd', region: '#f3f5f8', state: '#ffffff', strip: '#e9edf2' },
    ...{ border: '#c3ccd6', frame: '#d3dae2', text: '#1a2129', quiet: '#55606d', line: '#7d8b9b' },
    ...{ pill: '#e6ecf5', 'pill-border': '#cfd9e8', event: '#23406f', accent: '#0f766e', 'accent-ground': '#ddf3f0' },
    ...{ traced: '#2f5fb3', 'traced-ground': '#dbe7fb', last: '#b45309', 'last-ground': '#fdf0d5' },
  },
  dark: {
    ...{ ground: '#0e1116', root: '#12171e', region: '#171d26', state: '#1d2530', strip: '#222c38' },
    ...{ border: '#3c4857', frame: '#2b3542', text: '#e6ebf1', quiet: '#9fabb9', line: '#76859a' },
    ...{ pill: '#1f2d45', 'pill-border': '#314566', event: '#bcd3fb', accent: '#4fd1c5', 'accent-ground': '#12352f' },
    ...{ traced: '#82b1ff', 'traced-ground': '#1d3357', last: '#e5b454', 'last-ground': '#3a2c0e' },
  },
} as const

export type ChartColour = keyof (typeof chartColours)['light']
type Resolve = (colour: ChartColour) => string

const sans = `system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif`

/** For a page: `@media` none, colours from the page. */
export function embeddedStyle(): string {
  return rules((colour) => `var(--chart-${colour})`)
}

/** For a file. */
export function fileStyle(theme: ChartTheme): string {
  if (theme !== 'auto') return rules((colour) => chartColours[theme][colour])
  const dark = rules((colour) => chartColours.dark[colour])
  return `${rules((colour) => chartColours.light[colour])}\n@media (prefers-color-scheme: dark) {\n${dark}\n}`
}

function font(role: TextRole, weight: number, more = ''): string {
  return `font-size: ${type[role].size}px; font-weight: ${weight};${more}`
}

function rules(c: Resolve): string {
  return [
    `.chart { font-family: ${sans}; }`,
    `.chart text { fill: ${c('text')}; }`,
    `.chart .ground { fill: ${c('ground')}; }`,
    ...nodeRules(c),
    ...lineRules(c),
    ...labelRules(c),
    ...litRules(c),
  ].join('\n')
}

function nodeRules(c: Resolve): string[] {
  return [
    `.chart .box { fill: ${c('state')}; stroke: ${c('border')}; stroke-width: 1.2; }`,
    `.chart .compound > .box, .chart .parallel > .box { fill: ${c('region')}; stroke: ${c('border')}; }`,
    `.chart .root > .box { fill: ${c('root')}; stroke: ${c('frame')}; }`,
    `.chart .region > .box { stroke-dasharray: 6 4; }`,
    `.chart .inner { fill: none; stroke: ${c('border')}; stroke-width: 1.2; }`,
    `.chart .strip { fill: ${c('strip')}; }`,
    `.chart .rule { stroke: ${c('frame')}; stroke-width: 1; fill: none; }`,
    `.chart .name { ${font('name', 600)} }`,
    `.chart .history .name { ${font('name', 600)} fill: ${c('quiet')}; }`,
    `.chart .word { ${font('word', 400)} fill: ${c('quiet')}; }`,
    `.chart .note { ${font('note', 400)} fill: ${c('quiet')}; }`,
    `.chart .tag { ${font('tag', 400)} fill: ${c('quiet')}; }`,
    `.chart .chip { fill: ${c('strip')}; }`,
    `.chart .dot { fill: ${c('line')}; }`,
  ]
}

function lineRules(c: Resolve): string[] {
  return [
    `.chart .line { fill: none; stroke: ${c('line')}; stroke-width: 1.4; stroke-linejoin: round; }`,
    `.chart .head { fill: ${c('line')}; stroke: none; }`,
    `.chart .hit { fill: none; stroke: transparent; stroke-width: 12; pointer-events: stroke; }`,
    `.chart .shared > .line, .chart .shared > .head { visibility: hidden; }`,
  ]
}

function labelRules(c: Resolve): string[] {
  return [
    `.chart .pill { fill: ${c('pill')}; stroke: ${c('pill-border')}; stroke-width: 1; }`,
    `.chart .staying > .pill { fill: transparent; stroke: none; }`,
    `.chart .event { ${font('event', 600)} fill: ${c('event')}; }`,
    `.chart .guard { ${font('guard', 400, ' font-style: italic;')} fill: ${c('quiet')}; }`,
    `.chart .action { ${font('action', 400)} fill: ${c('text')}; }`,
    `.chart .edge .action { fill: ${c('quiet')}; }`,
    `.chart .glyph { fill: none; stroke: ${c('quiet')}; stroke-width: 1.2; stroke-linecap: round; stroke-linejoin: round; }`,
    `.chart .edge .glyph { stroke: ${c('event')}; }`,
  ]
}

/** traced: it was there, or went along here. last: the latest step. active: where it is. */
function litRules(c: Resolve): string[] {
  return (['traced', 'active', 'last'] as const).flatMap((state) => {
    const colour: ChartColour = state === 'active' ? 'accent' : state
    const ground: ChartColour = state === 'active' ? 'accent-ground' : `${state}-ground`
    const width = state === 'traced' ? 1.8 : 2.2
    return [
      `.chart .node.${state} > .box, .chart .node.${state} > .inner { stroke: ${c(colour)}; stroke-width: ${width}; }`,
      ...(state === 'active'
        ? [
            `.chart .atomic.active > .box, .chart .final.active > .box { fill: ${c(ground)}; }`,
            `.chart .active > .strip { fill: ${c(ground)}; }`,
          ]
        : []),
      `.chart .edge.${state} > .line { stroke: ${c(colour)}; stroke-width: ${width}; visibility: visible; }`,
      `.chart .edge.${state} > .head { fill: ${c(colour)}; visibility: visible; }`,
      `.chart .edge.${state} > .pill { fill: ${c(ground)}; stroke: ${c(colour)}; }`,
    ]
  })
}

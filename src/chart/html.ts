/**
 * A chart as one HTML file: the picture, to be moved about and pointed at, what is known of each part, and a walk along
 * it. It asks for nothing from outside, and its policy (CSP) lets no script run but its own, so that even text which
 * escaped its escaping would stay text. Without scripts the picture is still there.
 */
import { createHash } from 'node:crypto'
import { pageScript } from './html-script.ts'
import { pageStyle } from './html-style.ts'
import type { Chart, ChartLayout } from './model.ts'
import { chartSvg } from './svg.ts'
import { shown } from './svg-parts.ts'
import type { ChartTheme } from './svg-style.ts'
import { walkSource } from './walk.ts'

export interface ChartHtmlOptions {
  /** What it opens in; the page has a switch. Default `auto`: as the reader's system. */
  readonly theme?: ChartTheme
}

export function chartHtml(chart: Chart, layout: ChartLayout, { theme = 'auto' }: ChartHtmlOptions = {}): string {
  const script = `${walkSource()}\n${pageScript}`
  const style = pageStyle()
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en"${theme === 'auto' ? '' : ` data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${shown(chart.id)}</title>
<style>${style}</style>
</head>
<body>
${header(chart, theme)}
<main>
${chartSvg(chart, layout, { embed: true })}
<p class="keys">Drag or arrow keys: move. Wheel, + and -: zoom. 0: all of it. Tab: from part to part.</p>
</main>
<aside aria-label="Details">
${walkPanel}
<div id="details"></div>
</aside>
<script type="application/json" id="chart-data">${asData(chart)}</script>
<script>${script}</script>
</body>
</html>
`
}

function header(chart: Chart, theme: ChartTheme): string {
  const themes = [
    ['light', 'Light'],
    ['dark', 'Dark'],
    ['auto', 'Auto'],
  ].map(
    ([name, label]) =>
      `<button type="button" data-choose-theme="${name}" aria-pressed="${name === theme}">${label}</button>`,
  )
  return `<header>
<h1>${shown(chart.id)}</h1>
<p>${counted(statesOf(chart), 'state')}, ${counted(chart.edges.length, 'transition')}</p>
<div class="tools" id="tools" hidden>
<button type="button" id="walk" aria-pressed="false">Walk</button>
<div class="group" role="group" aria-label="Zoom"><button type="button" id="smaller" aria-label="Smaller">&minus;</button><span id="zoom">100 %</span><button type="button" id="larger" aria-label="Larger">+</button></div>
<button type="button" id="fit">Fit</button>
<div class="group" role="group" aria-label="Theme">${themes.join('')}</div>
</div>
</header>`
}

const walkPanel = `<section class="walk" id="walk-panel" aria-label="Walk" hidden>
<p id="walk-place" role="status"></p>
<p class="quiet">Nothing runs: take a transition, and whether its guard holds is yours to decide.</p>
<ul id="walk-open"></ul>
<div class="row"><button type="button" id="walk-back">Back</button><button type="button" id="walk-restart">From the start</button></div>
<ol id="walk-path" aria-label="The way so far"></ol>
</section>`

function statesOf(chart: Chart): number {
  const count = (nodes: Chart['root']['children']): number =>
    nodes.reduce((sum, node) => sum + 1 + count(node.children), 0)
  return count(chart.root.children)
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Without `<`, nothing in it can end the element that it stands in. */
function asData(chart: Chart): string {
  return JSON.stringify(chart).replaceAll('<', '\\u003c')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

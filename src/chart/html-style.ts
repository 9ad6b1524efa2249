/** The stylesheet of the HTML export: the chart's own (svg-style.ts), and that of the page around it. */
import { chartColours, embeddedStyle } from './svg-style.ts'

export function pageStyle(): string {
  return [colours(), page, stage, panel, embeddedStyle(), lit].join('\n')
}

function colours(): string {
  const { light, dark } = chartColours
  const both = Object.entries(light).map(
    ([name, value]) => `--chart-${name}: light-dark(${value}, ${dark[name as keyof typeof dark]});`,
  )
  return `:root { color-scheme: light dark; ${both.join(' ')} }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }`
}

const page = `
*, *::before, *::after { box-sizing: border-box; }
html, body { height: 100%; }
body {
  margin: 0; display: grid; grid-template: auto minmax(0, 1fr) / minmax(0, 1fr) 340px;
  font: 14px / 1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  color: var(--chart-text); background: var(--chart-ground);
}
header {
  grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; padding: 8px 16px;
  background: var(--chart-state); border-bottom: 1px solid var(--chart-border);
}
h1 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--chart-quiet); flex: 1; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.group { display: inline-flex; }
.group > * { border-radius: 0; margin-left: -1px; }
#zoom { border: solid var(--chart-border); border-width: 1px 0; padding: 5px 6px 0; min-width: 56px; text-align: center; color: var(--chart-quiet); }
.group > button:first-child { border-radius: 6px 0 0 6px; margin-left: 0; }
.group > button:last-child { border-radius: 0 6px 6px 0; }
button {
  font: inherit; color: inherit; background: var(--chart-state); border: 1px solid var(--chart-border);
  border-radius: 6px; padding: 4px 10px; min-height: 32px; cursor: pointer;
}
button:hover { background: var(--chart-strip); }
button:disabled { color: var(--chart-quiet); cursor: default; background: none; }
button[aria-pressed="true"] {
  background: var(--chart-accent-ground); border-color: var(--chart-accent); color: var(--chart-accent); position: relative;
}
:focus-visible { outline: 2px solid var(--chart-traced); outline-offset: 1px; }
[hidden] { display: none !important; }
@media (max-width: 800px) {
  body { height: auto; min-height: 100%; grid-template: auto 62vh auto / minmax(0, 1fr); }
}`

const stage = `
main { position: relative; overflow: hidden; }
svg.chart { display: block; width: 100%; height: 100%; touch-action: none; cursor: grab; user-select: none; }
svg.chart.dragged { cursor: grabbing; }
svg.chart [data-node], svg.chart [data-edge] { cursor: pointer; outline: none; }
svg.chart:focus-visible { outline-offset: -3px; }
.keys {
  position: absolute; left: 12px; bottom: 8px; margin: 0; padding: 2px 8px; font-size: 12px; border-radius: 6px;
  color: var(--chart-quiet); background: var(--chart-ground); pointer-events: none;
}
@media (max-width: 800px) { .keys { display: none; } }`

const panel = `
aside { overflow: auto; padding: 12px 16px 24px; background: var(--chart-state); border-left: 1px solid var(--chart-border); }
@media (max-width: 800px) { aside { border-left: none; border-top: 1px solid var(--chart-border); } }
h2 { font-size: 16px; margin: 0 0 2px; overflow-wrap: anywhere; }
h3 { font-size: 12px; margin: 16px 0 4px; color: var(--chart-quiet); font-weight: 600; }
aside p { margin: 4px 0; }
.quiet { color: var(--chart-quiet); }
aside ul, aside ol { margin: 0; padding: 0; list-style: none; }
aside ul ul { padding-left: 14px; border-left: 1px solid var(--chart-frame); margin-left: 6px; }
aside li { overflow-wrap: anywhere; }
.code, .link { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12.5px; }
.link {
  display: block; width: 100%; text-align: left; border: none; background: none; padding: 4px 6px; min-height: 28px;
  overflow-wrap: anywhere;
}
.link span { color: var(--chart-quiet); }
.walk { border: 1px solid var(--chart-accent); border-radius: 8px; padding: 8px 12px 12px; margin-bottom: 16px; }
.walk .link { border: 1px solid var(--chart-border); margin-top: 4px; }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }`

/** near: what belongs to the thing pointed at. open: where a walk leads on. picked: what the panel tells of. */
const lit = `
.chart.pointing .node:not(.near), .chart.pointing .initial { opacity: 0.35; }
.chart.pointing .edge:not(.near) { opacity: 0.16; }
.chart .edge.near > .line { stroke: var(--chart-traced); stroke-width: 2; visibility: visible; }
.chart .edge.near > .head { fill: var(--chart-traced); visibility: visible; }
.chart .edge.near > .pill { stroke: var(--chart-traced); }
.chart .node.picked > .box, .chart .node:focus-visible > .box, .chart .node.aim > .box {
  stroke: var(--chart-traced); stroke-width: 2.2;
}
.chart .edge.picked > .pill, .chart .edge:focus-visible > .pill {
  fill: var(--chart-traced-ground); stroke: var(--chart-traced); stroke-width: 2;
}
.chart.walking .edge.open > .pill { stroke: var(--chart-accent); stroke-width: 1.8; }
.chart.walking .edge:not(.open):not(.traced):not(.last):not(.near) > .pill { opacity: 0.55; }
.chart .marker { fill: var(--chart-accent); stroke: var(--chart-state); stroke-width: 2; pointer-events: none; }
@media (prefers-reduced-motion: no-preference) {
  .chart .node, .chart .edge { transition: opacity 120ms; }
}`

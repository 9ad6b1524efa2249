/**
 * Where a hung thread spent its time: callers above what they call, each as wide as its time; and the hottest as a table.
 * By mouse or by arrow keys each function says what it is; a click makes it as wide as the whole. In a file, where nothing
 * runs, the bars have their titles, and the table has the same.
 */
import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { type Flame, type FlameBar, type FlameNode, flameBars } from '../../../chart/flame.ts'
import { Scroll } from '../scroll.tsx'
import { count, duration } from '../words.ts'
import { nextBar } from './flame-keys.ts'
import { shortFile } from './words.ts'

const rowPx = 22

export function FlameView({ flame, isStill }: { flame: Flame; isStill: boolean }): JSX.Element {
  const { totalMs, samples, leftOut } = flame
  return (
    <figure class="flame">
      <figcaption class="quiet">
        {duration(totalMs)} in {count(samples, 'sample')}, taken before it was ended. Callers are above what they call;
        as wide as their time.
        {leftOut > 0 && ` ${count(leftOut, 'function')} too small to be shown.`}
      </figcaption>
      {isStill ? <StillBars flame={flame} /> : <Bars flame={flame} />}
      <ul class="plain flame-kinds">
        {kinds.map(([kind, text]) => (
          <li key={kind}>
            <span class={`swatch ${kind}`} aria-hidden="true" /> {text}
          </li>
        ))}
      </ul>
      <Hottest flame={flame} />
    </figure>
  )
}

const kinds = [
  ['own', "the kernel's own files"],
  ['package', 'packages'],
  ['node', 'Node.js'],
  ['runtime', 'what runs it'],
  ['engine', 'V8 itself'],
] as const satisfies readonly (readonly [FlameNode['kind'], string])[]

function heightOf(bars: readonly FlameBar[]): number {
  return (Math.max(0, ...bars.map(({ depth }) => depth)) + 1) * rowPx
}

function StillBars({ flame }: { flame: Flame }): JSX.Element {
  const bars = flameBars(flame)
  return (
    <div class="flame-bars" style={{ height: `${heightOf(bars)}px` }}>
      {bars.map((bar) => (
        <div
          key={keyOf(bar)}
          class={`bar ${bar.node.kind}`}
          title={barText(bar.node, flame.totalMs)}
          style={boxOf(bar)}
        >
          {bar.node.name}
        </div>
      ))}
    </div>
  )
}

const keys =
  'Flame graph: arrow keys go from function to function, Enter makes one as wide as the whole, Escape goes back'

function Bars({ flame }: { flame: Flame }): JSX.Element {
  const bars = flameBars(flame)
  const [zoomed, zoom] = useState(-1)
  const [chosen, choose] = useState(() => hottestBar(bars, flame))
  const [pointed, point] = useState(-1)
  const buttons = useRef<(HTMLButtonElement | null)[]>([])
  const go = (event: KeyboardEvent, index: number) => {
    if (event.key === 'Escape') zoom(-1)
    const next = nextBar(bars, index, event.key)
    if (next === undefined) return
    event.preventDefault()
    // What is asked for may lie beside what is shown.
    if (zoomed >= 0 && !isShown(bars[next], bars[zoomed])) zoom(-1)
    choose(next)
    // The pointer may rest on another one.
    point(-1)
    buttons.current[next]?.focus()
  }
  const heard = (index: number) => ({
    onClick: () => {
      choose(index)
      zoom(zoomed === index ? -1 : index)
    },
    onFocus: () => choose(index),
    onMouseEnter: () => point(index),
    onMouseLeave: () => point(-1),
    onKeyDown: (event: KeyboardEvent) => go(event, index),
  })
  const said = bars[pointed >= 0 ? pointed : chosen]
  const within = bars[zoomed]
  return (
    <>
      <fieldset class="flame-bars" style={{ height: `${heightOf(bars)}px` }}>
        <legend class="unseen">{keys}</legend>
        {bars.map((bar, index) => (
          <button
            key={keyOf(bar)}
            ref={(element) => {
              buttons.current[index] = element
            }}
            type="button"
            class={`bar ${bar.node.kind}`}
            aria-label={barText(bar.node, flame.totalMs)}
            tabIndex={index === chosen ? 0 : -1}
            hidden={!isShown(bar, within)}
            style={boxOf(bar, within)}
            {...heard(index)}
          >
            {bar.node.name}
          </button>
        ))}
      </fieldset>
      <p class="flame-said">
        {said !== undefined && <SaidBar node={said.node} totalMs={flame.totalMs} />}
        {zoomed >= 0 && <ShowAll onClick={() => zoom(-1)} />}
      </p>
    </>
  )
}

function ShowAll({ onClick }: { onClick: () => void }): JSX.Element {
  return (
    <button type="button" onClick={onClick}>
      show all
    </button>
  )
}

function SaidBar({ node, totalMs }: { node: FlameNode; totalMs: number }): JSX.Element {
  return (
    <>
      <strong class="mono">{node.name}</strong> <span class="mono quiet">{placeOf(node)}</span>{' '}
      {share(node.totalMs, totalMs)}, by itself {share(node.selfMs, totalMs)}
    </>
  )
}

/** What it is about is said at once. */
function hottestBar(bars: readonly FlameBar[], { hottest }: Flame): number {
  const [first] = hottest
  const found = bars.findIndex(
    ({ node }) => node.name === first?.name && node.file === first.file && node.line === first.line,
  )
  return Math.max(0, found)
}

/** Callers of what is shown stay, so that one sees where one is. */
function isShown(bar: FlameBar | undefined, within: FlameBar | undefined): boolean {
  if (bar === undefined || within === undefined) return true
  const middle = bar.depth <= within.depth ? within.x + within.width / 2 : bar.x + bar.width / 2
  const outer = bar.depth <= within.depth ? bar : within
  return middle > outer.x && middle < outer.x + outer.width
}

function boxOf({ x, width, depth }: FlameBar, within?: FlameBar): Record<'left' | 'width' | 'top', string> {
  const [from, whole] = within === undefined ? [0, 1] : [within.x, within.width]
  const left = Math.max(0, (x - from) / whole)
  const right = Math.min(1, (x + width - from) / whole)
  return {
    left: `${(left * 100).toFixed(3)}%`,
    width: `${(Math.max(0, right - left) * 100).toFixed(3)}%`,
    top: `${depth * rowPx}px`,
  }
}

function keyOf({ depth, x, node }: FlameBar): string {
  return `${depth} ${x} ${node.name}`
}

function Hottest({ flame: { hottest, totalMs } }: { flame: Flame }): JSX.Element {
  return (
    <Scroll class="flame-hottest" label="Functions by the time in themselves">
      <table>
        <thead>
          <tr>
            <th scope="col">Hottest functions</th>
            <th scope="col">Where</th>
            <th scope="col">By itself</th>
            <th scope="col">With what it called</th>
          </tr>
        </thead>
        <tbody>
          {hottest.map((one) => (
            <tr key={`${one.name} ${one.file} ${one.line}`}>
              <td class="mono">{one.name}</td>
              <td class="mono">{placeOf(one)}</td>
              <td>{share(one.selfMs, totalMs)}</td>
              <td>{share(one.totalMs, totalMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

function share(ms: number, of: number): string {
  return `${((ms / of) * 100).toFixed(1)} %`
}

function placeOf({ file, line }: Pick<FlameNode, 'file' | 'line'>): string {
  return file === undefined ? '' : `${shortFile(file)}${line === undefined ? '' : `:${line}`}`
}

function barText(node: FlameNode, totalMs: number): string {
  const where = placeOf(node)
  return `${node.name}${where === '' ? '' : ` (${where})`}: ${share(node.totalMs, totalMs)}, by itself ${share(node.selfMs, totalMs)}`
}

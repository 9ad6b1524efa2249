/** Where a hung thread spent its time: callers above what they call, each as wide as its time; and the hottest as a table. */
import type { JSX } from 'preact'
import { type Flame, type FlameNode, flameBars } from '../../../chart/flame.ts'
import { Scroll } from '../scroll.tsx'
import { count, duration } from '../words.ts'
import { shortFile } from './words.ts'

const rowHeight = 20
/** Of the picture, which is stretched to the width of the page. */
const width = 1000

export function FlameView({ flame }: { flame: Flame }): JSX.Element {
  const { totalMs, samples, leftOut, hottest } = flame
  const bars = flameBars(flame)
  const depth = Math.max(0, ...bars.map((bar) => bar.depth)) + 1
  return (
    <figure class="flame">
      <figcaption class="quiet">
        {duration(totalMs)} in {count(samples, 'sample')}
        {leftOut > 0 && `; ${count(leftOut, 'small function')} not shown`}
      </figcaption>
      <Scroll class="flame-scroll" label="Flame graph; the table below has the same functions">
        <svg viewBox={`0 0 ${width} ${depth * rowHeight}`} width={width} height={depth * rowHeight} role="img">
          <title>Flame graph</title>
          {bars.map(({ node, depth: row, x, width: share }) => (
            <g key={`${row} ${x} ${node.name}`} class={`bar ${node.kind}`}>
              <title>{barText(node, totalMs)}</title>
              <rect
                x={x * width}
                y={row * rowHeight}
                width={Math.max(0.5, share * width - 1)}
                height={rowHeight - 1}
                rx="2"
              />
              {share * width > 40 && (
                <text x={x * width + 5} y={row * rowHeight + 14}>
                  {clipped(node.name, share * width)}
                </text>
              )}
            </g>
          ))}
        </svg>
      </Scroll>
      <table>
        <thead>
          <tr>
            <th scope="col">Function</th>
            <th scope="col">Where</th>
            <th scope="col">Itself</th>
            <th scope="col">With what it called</th>
          </tr>
        </thead>
        <tbody>
          {hottest.map((one) => (
            <tr key={`${one.name} ${one.file} ${one.line}`}>
              <td class="mono">{one.name}</td>
              <td class="mono">{place(one)}</td>
              <td>{share(one.selfMs, totalMs)}</td>
              <td>{share(one.totalMs, totalMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

function clipped(name: string, room: number): string {
  const chars = Math.floor((room - 10) / 7)
  return name.length <= chars ? name : `${name.slice(0, Math.max(1, chars - 1))}…`
}

function share(ms: number, of: number): string {
  return `${((ms / of) * 100).toFixed(1)} %`
}

function place({ file, line }: Pick<FlameNode, 'file' | 'line'>): string {
  return file === undefined ? '' : `${shortFile(file)}${line === undefined ? '' : `:${line}`}`
}

function barText(node: FlameNode, totalMs: number): string {
  const where = place(node)
  return `${node.name}${where === '' ? '' : ` (${where})`}: ${share(node.totalMs, totalMs)}, itself ${share(node.selfMs, totalMs)}`
}

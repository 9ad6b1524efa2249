/**
 * Many kernels as tiles: a colour and a size each, in groups; names beside them when zoomed, and for the one that is
 * pointed at, whose lines to its neighbours are drawn then. A tile is drawn again when it looks different, not with every
 * sample.
 */
import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Box } from '../../../chart/model.ts'
import { nowMs } from '../clock.ts'
import { to } from '../route.ts'
import { rateNow } from '../samples.ts'
import { kernels, type LiveKernel } from '../store.ts'
import { count, toneOf } from '../words.ts'
import { chosenIds, grouping, isZoomed, pointed } from './choice.ts'
import { Markers } from './edges.tsx'
import { detour, type Group, grouped, load, rateText } from './facts.ts'
import { useLit } from './graph.tsx'
import { shortened, spoken } from './node.tsx'
import { pointingAt } from './pointing.ts'
import { arrangeTiles, type TileArrangement } from './tiles.ts'
import './graph.css'

const small = { tileWidth: 26, tileHeight: 26, gap: 7, heading: 28 }
const large = { tileWidth: 138, tileHeight: 26, gap: 7, heading: 28 }
/** Steps in which a tile's size follows its load. */
const sizes = 5

/** @param room width that there is. Pixels. */
export function TileView({ room }: { readonly room: number }): JSX.Element {
  const groups = useGroups()
  const isLarge = isZoomed.value
  const arrangement = useMemo(
    () => arrangeTiles(groups, { width: room, ...(isLarge ? large : small) }),
    [groups, room, isLarge],
  )
  const { boxes, width, height } = arrangement
  const at = pointed.value
  const entry = at !== undefined && boxes.has(at) ? at : boxes.keys().next().value
  const lit = useLit()
  return (
    <section aria-label="Kernels; arrow keys lead from one to the next" {...pointingAt(boxes)}>
      <svg
        aria-label="Tiles of the fleet"
        class={at === undefined ? 'tiles' : 'tiles pointing'}
        viewBox={`0 0 ${width} ${height}`}
        {...{ width, height }}
      >
        <Markers />
        {arrangement.groups.map(({ name, size, box }, index) => (
          <g key={name} class={index % 2 === 0 ? 'band' : 'band other'}>
            <rect {...box} rx="10" />
            <text x={box.x + 10} y={box.y + 19}>
              {name} · {count(size, 'kernel')}
            </text>
          </g>
        ))}
        {[...boxes].map(([id, box]) => {
          const kernel = kernels.value.get(id)
          if (kernel === undefined) return null
          return <Tile key={id} {...{ kernel, box, isLarge }} isLit={lit.has(id)} isEntry={id === entry} />
        })}
        <Detours boxes={boxes} />
        {at !== undefined && <Pointed {...{ at, lit, arrangement }} />}
      </svg>
    </section>
  )
}

/** The same groups where nothing has moved between them, so that nothing is arranged anew. */
function useGroups(): readonly Group[] {
  const text = useComputed(() => {
    const by = grouping.value === 'state' ? 'state' : 'tier'
    const statuses = chosenIds.value.flatMap((id) => {
      const kernel = kernels.value.get(id)
      if (kernel === undefined) return []
      return by === 'state' ? kernel.status.value : kernel.status.peek()
    })
    return JSON.stringify(grouped(statuses, by))
  }).value
  return useMemo(() => JSON.parse(text) as Group[], [text])
}

interface TileProps {
  readonly kernel: LiveKernel
  readonly box: Box
  readonly isLarge: boolean
  readonly isLit: boolean
  readonly isEntry: boolean
}

function Tile({ kernel, box, isLarge, isLit, isEntry }: TileProps): JSX.Element {
  const look = useComputed(() => {
    const status = kernel.status.value
    const rate = rateNow(kernel.samples.value, nowMs.value)
    const size = Math.round(load(status, rate) * (sizes - 1))
    const marks = [status.incident && 'has-incident', detour(status) !== undefined && 'detoured']
    return [toneOf(status.state), `size${size}`, ...marks].filter(Boolean).join(' ')
  }).value
  const state = useComputed(() => kernel.status.value.state).value
  const { id } = kernel.spec
  const size = Number(/size(\d)/.exec(look)?.[1] ?? 0)
  const side = 14 + 2.4 * size
  const middle = box.height / 2
  return (
    <a
      class={`tile ${look}${isLit ? ' lit' : ''}`}
      href={to('kernel', id)}
      data-kernel={id}
      data-state={state}
      tabindex={isEntry ? 0 : -1}
      aria-label={`${id}, ${state}${look.includes('has-incident') ? ', incident open' : ''}`}
    >
      <g transform={`translate(${box.x} ${box.y})`}>
        <rect class="hit" width={box.width} height={box.height} rx="6" />
        <rect class="dot" x={13 - side / 2} y={middle - side / 2} width={side} height={side} rx="5" />
        {look.includes('has-incident') && <circle class="mark" cx="22" cy="5" r="4" />}
        {isLarge && (
          <text class="name" x="30" y={middle + 4}>
            {shortened(id, 17)}
          </text>
        )}
      </g>{' '}
    </a>
  )
}

const middleOf = ({ x, y, width, height }: Box) => ({ x: x + Math.min(width, 26) / 2, y: y + height / 2 })

function bow(from: Box, to: Box): string {
  const [a, b] = [middleOf(from), middleOf(to)]
  const lift = Math.min(60, Math.hypot(b.x - a.x, b.y - a.y) / 4)
  return `M${a.x} ${a.y}Q${(a.x + b.x) / 2 + lift} ${(a.y + b.y) / 2 - lift} ${b.x} ${b.y}`
}

/** As a line, but it ends where the tile begins, for an arrow. */
function bowTo(from: Box, to: Box): string {
  const [a, b] = [middleOf(from), middleOf(to)]
  const length = Math.max(1, Math.hypot(b.x - a.x, b.y - a.y))
  const short = Math.min(14, length / 3)
  const end = { x: to.x - ((b.x - a.x) / length) * short, y: to.y - ((b.y - a.y) / length) * short }
  return bow(from, { ...to, ...end })
}

/** What is diverted at the moment is drawn whatever is pointed at. */
function Detours({ boxes }: { readonly boxes: ReadonlyMap<string, Box> }): JSX.Element {
  const pairs = useComputed(() =>
    [...boxes.keys()]
      .flatMap((id) => {
        const status = kernels.value.get(id)?.status.value
        return status?.servedBy === 'reroute' ? `${id} ${status.reroutedTo}` : []
      })
      .join('\n'),
  ).value
  return (
    <g class="reroutes">
      {pairs.split('\n').map((pair) => {
        const [from, to] = pair.split(' ').map((id) => boxes.get(id))
        return from && to && <path key={pair} class="reroute" d={bowTo(from, to)} marker-end="url(#fleet-reroute)" />
      })}
    </g>
  )
}

interface PointedProps {
  readonly at: string
  readonly lit: ReadonlySet<string>
  readonly arrangement: TileArrangement
}

function Pointed({ at, lit, arrangement }: PointedProps): JSX.Element | null {
  const box = arrangement.boxes.get(at)
  const kernel = kernels.value.get(at)
  if (box === undefined || kernel === undefined) return null
  const status = kernel.status.value
  const rate = rateNow(kernel.samples.value, nowMs.value)
  const lines = [at, `${status.state} · ${rateText(rate)}`, detour(status) ?? `tier ${status.tier}`]
  const width = 22 + 7 * Math.max(...lines.map(({ length }) => length))
  const x = Math.max(4, Math.min(arrangement.width - width - 4, box.x - 10))
  const isBelow = box.y < 76
  return (
    <g class="pointed">
      {[...lit].map((id) => {
        const other = id === at ? undefined : arrangement.boxes.get(id)
        return other && <path key={id} class="dependency lit" d={bow(box, other)} />
      })}
      <g transform={`translate(${x} ${isBelow ? box.y + box.height + 8 : box.y - 72})`}>
        <title>{spoken(status, rate)}</title>
        <rect class="label" width={width} height="64" rx="8" />
        {lines.map((line, index) => (
          <text key={line} class={index === 0 ? 'id' : 'foot'} x="11" y={20 + index * 18}>
            {line}
          </text>
        ))}
      </g>
    </g>
  )
}

/** One kernel of the graph: its name, its state, how busy it is, who stands beside it and who serves in its place. */
import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import type { Box } from '../../../chart/model.ts'
import type { KernelStatus } from '../../../supervisor/status.ts'
import { nowMs } from '../clock.ts'
import { to } from '../route.ts'
import { rateNow, type Sample } from '../samples.ts'
import { Sparkline } from '../sparkline.tsx'
import type { LiveKernel } from '../store.ts'
import { toneOf } from '../words.ts'
import { detour, load, percent, rateText } from './facts.ts'

/** How far a box grows with its load, on each side. Pixels. */
const swell = 7
const chipCharWidth = 6.5

interface Props {
  readonly kernel: LiveKernel
  readonly box: Box
  readonly isLit: boolean
  /** The one that Tab leads to. */
  readonly isEntry: boolean
  readonly isLeftOut: boolean
}

export function Node({ kernel, box, isLit, isEntry, isLeftOut }: Props): JSX.Element {
  const status = kernel.status.value
  const samples = kernel.samples.value
  const rate = useComputed(() => rateNow(kernel.samples.value, nowMs.value)).value
  const { id, state } = status
  const tone = toneOf(state)
  // By area: the first percents show as well.
  const outset = Math.round(Math.sqrt(load(status, rate)) * swell * 2) / 2
  const { width, height } = box
  const classes = ['node', tone, isLit && 'lit', isLeftOut && 'left-out', status.servedBy === 'reject' && 'struck']
  return (
    <a
      class={classes.filter(Boolean).join(' ')}
      href={to('kernel', id)}
      data-kernel={id}
      data-state={state}
      tabindex={isEntry ? 0 : -1}
      aria-description={spoken(status, rate)}
    >
      <g transform={`translate(${box.x} ${box.y})`}>
        <rect
          class="body"
          x={-outset}
          y={-outset}
          width={width + 2 * outset}
          height={height + 2 * outset}
          rx={9 + outset}
        />
        <rect class="edge" x={-outset} y={8} width="4" height={height - 16} rx="2" />
        <text class="id" x="12" y="19">
          {shortened(id, status.hotfix === undefined ? 19 : 15)}
        </text>
        {status.hotfix !== undefined && (
          <text class="mark" x={width - 10} y="19" text-anchor="end">
            hotfix
          </text>
        )}
        <rect class="chip-ground" x="10" y="26" width={state.length * chipCharWidth + 12} height="17" rx="8.5" />
        <text class="chip-text" x="16" y="38">
          {state}
        </text>
        <Foot {...{ status, samples, rate, width }} />
        <Standbys status={status} x={width + outset} />
        {status.incident !== undefined && <IncidentMark x={width + outset - 2} y={-outset + 2} />}
      </g>{' '}
    </a>
  )
}

interface FootProps {
  readonly status: KernelStatus
  readonly samples: readonly Sample[]
  readonly rate: number
  readonly width: number
}

/** How busy it is; or, while it does not serve itself, what becomes of its messages. */
function Foot({ status, samples, rate, width }: FootProps): JSX.Element {
  const instead = detour(status)
  if (instead !== undefined) {
    return (
      <text class="foot detour" x="12" y="58">
        {shortened(instead, 26)}
      </text>
    )
  }
  const busy = percent(Math.max(status.cpu, status.elu))
  return (
    <>
      <Sparkline
        {...{ samples, of: 'elu', top: 0.1, x: 12, y: 47, width: 54, height: 13 }}
        name={`event loop busy ${percent(status.elu)}`}
      />
      <text class="foot" x={width - 10} y="58" text-anchor="end">
        {busy} · {rateText(rate)}
      </text>
    </>
  )
}

/** A small box for each replica beside the active one: filled when it could take over, outlined while it could not. */
function Standbys({ status, x }: { status: KernelStatus; x: number }): JSX.Element | null {
  const { ready, of } = status.standbys
  if (of === 0) return null
  const isServing = status.servedBy === 'standby'
  const shown = Math.min(of, 3)
  return (
    <g class="standbys" transform={`translate(${x + 3} 10)`}>
      <title>{isServing ? 'A standby serves' : `${ready} of ${of} standbys ready`}</title>
      {Array.from({ length: shown }, (_, index) => (
        <rect
          key={index}
          class={isServing && index === 0 ? 'serving' : index < ready ? 'ready' : ''}
          {...{ x: 0, y: index * 15, width: 11, height: 12, rx: 3 }}
        />
      ))}
      {of > shown && (
        <text x="0" y={shown * 15 + 9}>
          {ready}/{of}
        </text>
      )}
    </g>
  )
}

function IncidentMark({ x, y }: { x: number; y: number }): JSX.Element {
  return (
    <g class="incident" transform={`translate(${x} ${y})`}>
      <circle r="9" />
      <path d="M0 -4.5V1.2M0 4.2V4.4" />
    </g>
  )
}

export function spoken(status: KernelStatus, rate: number): string {
  const { id, tier, state, standbys, incident } = status
  const instead = detour(status)
  return [
    `${id}, tier ${tier}, ${state}`,
    ...(instead === undefined ? [] : [instead]),
    ...(incident === undefined ? [] : ['incident open']),
    ...(standbys.of === 0 ? [] : [`${standbys.ready} of ${standbys.of} standbys ready`]),
    `cpu ${percent(status.cpu)}, ${rateText(rate)}`,
  ].join(', ')
}

export function shortened(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`
}

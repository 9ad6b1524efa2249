/** The lines of the graph: who depends on whom, what is said at the moment, and where work goes that is diverted. */
import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import type { Box } from '../../../chart/model.ts'
import type { LiveKernel } from '../store.ts'
import type { Arrangement } from './arrange.ts'
import { rateText } from './facts.ts'
import { lineBetween } from './lines.ts'
import { strengthOf } from './strength.ts'
import type { Flow } from './traffic.ts'

/** Lines from one kernel share a lane where they pass a gap together; others keep off it. Pixels. */
function laneOf(id: string): number {
  let sum = 0
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) % 997
  return ((sum % 3) - 1) * 4
}

export function pathBetween(arrangement: Arrangement, from: string, to: string): string | undefined {
  return lineBetween(arrangement, from, to, laneOf(from))?.path
}

interface DependencyProps {
  readonly path: string
  readonly isLit: boolean
}

export function Dependency({ path, isLit }: DependencyProps): JSX.Element {
  return <path class={isLit ? 'dependency lit' : 'dependency'} d={path} marker-end="url(#fleet-depends)" />
}

interface FlowProps {
  readonly flow: Flow
  readonly path: string
  readonly isLit: boolean
}

/** As wide as it is busy; each time that something has been said, a pulse runs along. */
export function FlowLine({ flow, path, isLit }: FlowProps): JSX.Element {
  // In steps, so that a line is drawn again when it looks different.
  const strength = useComputed(() => strengthOf(flow.rate.value)).value
  const messages = useComputed(() => (strength === 0 ? 0 : flow.messages.value)).value
  const classes = `flow s${strength}${isLit ? ' lit' : ''}`
  return (
    <g class={classes}>
      <path class="way" d={path} marker-end={strength === 0 && !isLit ? undefined : 'url(#fleet-talks)'}>
        <title>{`${flow.from} to ${flow.to}: ${rateText(flow.rate.peek())}, ${flow.messages.peek()} in all`}</title>
      </path>
      {strength > 0 && <path key={messages} class="pulse" d={path} pathLength={100} />}
    </g>
  )
}

/** The host program has no place in the fleet: what it says comes from above. */
export function FromHost({ flow, box }: { readonly flow: Flow; readonly box: Box }): JSX.Element | null {
  const strength = useComputed(() => strengthOf(flow.rate.value)).value
  if (strength === 0) return null
  return (
    <path
      class={`from-host s${strength}`}
      d={`M${box.x + box.width - 24} ${box.y - 14}V${box.y - 1}`}
      marker-end="url(#fleet-talks)"
    >
      <title>{`The host program to ${flow.to}: ${rateText(flow.rate.peek())}, ${flow.messages.peek()} in all`}</title>
    </path>
  )
}

interface RerouteProps {
  readonly kernel: LiveKernel
  readonly arrangement: Arrangement
}

/** Drawn while it is so: the work of a kernel that is out of service goes to another one. */
export function Reroute({ kernel, arrangement }: RerouteProps): JSX.Element | null {
  const target = useComputed(() => (kernel.status.value.servedBy === 'reroute' ? kernel.status.value.reroutedTo : ''))
  const path = target.value ? pathBetween(arrangement, kernel.spec.id, target.value) : undefined
  if (path === undefined) return null
  return (
    <path class="reroute" d={path} marker-end="url(#fleet-reroute)">
      <title>{`What is sent to ${kernel.spec.id} goes to ${target.value}`}</title>
    </path>
  )
}

export function Markers(): JSX.Element {
  const arrow = (name: string, size: number) => (
    <marker
      id={`fleet-${name}`}
      class={`arrow ${name}`}
      viewBox="0 0 8 8"
      {...{ refX: 7.5, refY: 4, markerWidth: size, markerHeight: size, markerUnits: 'userSpaceOnUse' }}
      orient="auto"
    >
      <path d="M0.5 0.8L7.5 4L0.5 7.2Z" />
    </marker>
  )
  return (
    <defs>
      {arrow('depends', 6)}
      {arrow('talks', 8)}
      {arrow('reroute', 11)}
    </defs>
  )
}

/**
 * The chart's twin for those who do not see it: what can happen now, as a list, and below it all transitions by state.
 * What has the focus or the pointer here is lit in the chart.
 */
import { type ReadonlySignal, type Signal, useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import type { ChartEdge } from '../../../chart/model.ts'
import type { Lights } from './canvas.tsx'
import type { ChartMap } from './chart-map.ts'
import { leftMs, leftText } from './countdown.ts'
import { EdgeCard, VerdictChip } from './edge-card.tsx'
import type { Verdict } from './guards.ts'

export type VerdictOn = (guard: string | undefined) => Verdict | undefined

export function Transitions({
  map,
  lights,
  verdictOn,
}: {
  readonly map: ChartMap
  readonly lights: Lights
  readonly verdictOn: VerdictOn
}): JSX.Element {
  const possible = map.possible(lights.leaves.value)
  return (
    <section class="panel" aria-labelledby="transitions-title">
      <h2 id="transitions-title">What can happen here</h2>
      {possible.length === 0 ? (
        <p class="quiet">Nothing leads out of here.</p>
      ) : (
        <EdgeList edges={possible} map={map} lights={lights} verdictOn={verdictOn} />
      )}
      <details class="all-edges">
        <summary>All {map.edges.size} transitions</summary>
        {[...map.nodes.values()]
          .filter(({ id }) => map.edgesOut(id).length > 0)
          .map(({ id }) => (
            <div key={id}>
              <h3>{map.nameOf(id)}</h3>
              <EdgeList edges={map.edgesOut(id)} map={map} lights={lights} verdictOn={verdictOn} />
            </div>
          ))}
      </details>
    </section>
  )
}

/** The transition that is pointed at, here or in the chart. */
export function PointedEdge({ map, lights, verdictOn }: Parameters<typeof Transitions>[0]): JSX.Element {
  const id = lights.pointed.value
  const edge = id === undefined ? undefined : map.edges.get(id)
  return (
    <section class="panel pointed-edge" aria-labelledby="edge-title">
      <h2 id="edge-title">Transition</h2>
      {edge === undefined ? (
        <p class="quiet">Point at a transition to read what it does.</p>
      ) : (
        <EdgeCard edge={edge} map={map} verdict={verdictOn(edge.guard)} trail={lights.trails.value.get(edge.id)} />
      )}
    </section>
  )
}

function EdgeList({
  edges,
  map,
  lights,
  verdictOn,
}: {
  readonly edges: readonly ChartEdge[]
} & Parameters<typeof Transitions>[0]): JSX.Element {
  return (
    <ul class="edge-list">
      {edges.map((edge) => (
        <li key={edge.id}>
          <EdgeRow edge={edge} map={map} pointed={lights.pointed} verdict={verdictOn(edge.guard)} />
          <Left edge={edge.id} lights={lights} />
        </li>
      ))}
    </ul>
  )
}

function EdgeRow({
  edge,
  map,
  pointed,
  verdict,
}: {
  readonly edge: ChartEdge
  readonly map: ChartMap
  readonly pointed: Signal<string | undefined>
  readonly verdict: Verdict | undefined
}): JSX.Element {
  const point = () => (pointed.value = edge.id)
  return (
    <button type="button" class="edge-row" onFocus={point} onMouseEnter={point} onClick={point}>
      <span class="event">{edge.event}</span>
      {edge.guard !== undefined && <span class="guard">[{edge.guard}]</span>}
      <span class="quiet">
        {edge.targets.length === 0 ? 'stays' : `→ ${edge.targets.map((id) => map.nameOf(id)).join(', ')}`}
      </span>
      {verdict !== undefined && <VerdictChip verdict={verdict} />}
    </button>
  )
}

/** Alone, since it changes with every frame. */
function Left({ edge, lights }: { readonly edge: string; readonly lights: Lights }): JSX.Element {
  const text: ReadonlySignal<string> = useComputed(() => {
    const countdown = lights.countdowns.value.find((one) => one.edge === edge)
    const left = countdown === undefined ? 0 : leftMs(countdown, lights.now.value)
    return left > 0 ? `in ${leftText(left)}` : ''
  })
  return <span class="remaining">{text}</span>
}

/** What there is to say of one transition: when it is taken, on what conditions, and what it does. */
import type { JSX } from 'preact'
import type { ChartEdge } from '../../../chart/model.ts'
import { duration } from '../words.ts'
import type { ChartMap } from './chart-map.ts'
import type { Verdict } from './guards.ts'
import type { Trail } from './trace.ts'

export function EdgeCard({
  edge,
  map,
  verdict,
  trail,
}: {
  readonly edge: ChartEdge
  readonly map: ChartMap
  readonly verdict: Verdict | undefined
  readonly trail: Trail | undefined
}): JSX.Element {
  return (
    <dl class="chart-facts">
      <Fact name="when">
        <strong>{edge.event}</strong>
      </Fact>
      <Fact name="from">{map.nameOf(edge.source)}</Fact>
      <Fact name="to">
        {edge.targets.length === 0 ? 'stays where it is' : edge.targets.map((id) => map.nameOf(id)).join(', ')}
        {edge.reenter && <span class="quiet"> (left and entered again)</span>}
      </Fact>
      {edge.guard !== undefined && (
        <Fact name="only if">
          <code>{edge.guard}</code> {verdict !== undefined && <VerdictChip verdict={verdict} />}
        </Fact>
      )}
      {edge.delay !== undefined && (
        <Fact name="delay">{typeof edge.delay === 'number' ? duration(edge.delay) : <code>{edge.delay}</code>}</Fact>
      )}
      {edge.actions.length > 0 && (
        <Fact name="does">
          <code>{edge.actions.join(', ')}</code>
        </Fact>
      )}
      <Fact name="taken">{trail === undefined ? 'not in what is known' : `${trail.count}×`}</Fact>
      {edge.description !== undefined && <Fact name="why">{edge.description}</Fact>}
    </dl>
  )
}

export function VerdictChip({ verdict: { holds, why } }: { readonly verdict: Verdict }): JSX.Element {
  return (
    <span class={`chip ${holds ? 'good' : 'bad'}`} title={why}>
      {holds ? 'holds' : 'does not hold'}: {why}
    </span>
  )
}

export function Fact({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

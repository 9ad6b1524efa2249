/** A kernel's own actors: the family on the left, the chosen one's chart, events and context beside it, live. */
import { type Signal, useComputed, useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { InspectedActor } from '../../../chart/inspected.ts'
import type { DrawnChart } from '../../wire.ts'
import { kernels } from '../store.ts'
import { clockTime, count } from '../words.ts'
import { type ActorBranch, nameOf, placesOf } from './actor-tree.ts'
import { arrangement, ChartCanvas, type Lights } from './canvas.tsx'
import type { ChartMap } from './chart-map.ts'
import { drawingOf } from './drawings.ts'
import { JsonTree } from './json-tree.tsx'
import type { ActorHistory, KernelMachines } from './kernel-machines.ts'
import { Records } from './records.tsx'
import { Spoken } from './spoken.tsx'
import { Timeline } from './timeline.tsx'
import { trailsOf } from './trace.ts'
import { PointedEdge, Transitions } from './transitions.tsx'
import { Undrawn } from './undrawn.tsx'

export function MachineView({
  machines,
  family,
}: {
  readonly machines: KernelMachines
  readonly family: ActorBranch
}): JSX.Element {
  const chosen = useSignal<string | undefined>(undefined)
  const all = flat(family)
  const actor = all.find(({ session }) => session === chosen.value) ?? family.actor
  return (
    <>
      {all.length > 1 && (
        <nav class="panel family" aria-label="Actors">
          <ul>
            <Branch branch={family} chosen={chosen} shown={actor.session} />
          </ul>
        </nav>
      )}
      <ActorView key={actor.session} machines={machines} actor={actor} />
    </>
  )
}

function flat({ actor, children }: ActorBranch): InspectedActor[] {
  return [actor, ...children.flatMap(flat)]
}

export function toneOfActor(status: string): string {
  return status === 'active' ? 'good' : status === 'error' ? 'bad' : ''
}

function Branch({
  branch: { actor, children },
  chosen,
  shown,
}: {
  readonly branch: ActorBranch
  readonly chosen: Signal<string | undefined>
  readonly shown: string
}): JSX.Element {
  const ended = children.filter((one) => !isRunning(one)).reverse()
  return (
    <li>
      <button
        type="button"
        aria-current={actor.session === shown ? 'true' : undefined}
        onClick={() => (chosen.value = actor.session)}
      >
        {nameOf(actor)} <span class={`chip ${toneOfActor(actor.status)}`}>{actor.status}</span>
        {actor.chart === undefined && <span class="quiet"> no chart</span>}
      </button>
      <Children branches={children.filter(isRunning)} chosen={chosen} shown={shown} />
      {ended.length > 0 && (
        <details open={ended.some(({ actor: { session } }) => session === shown) || undefined}>
          <summary>{count(ended.length, 'actor has', 'actors have')} ended</summary>
          <Children branches={ended} chosen={chosen} shown={shown} />
        </details>
      )}
    </li>
  )
}

const isRunning = ({ actor, children }: ActorBranch): boolean => actor.status === 'active' || children.some(isRunning)

function Children({
  branches,
  chosen,
  shown,
}: {
  readonly branches: readonly ActorBranch[]
  readonly chosen: Signal<string | undefined>
  readonly shown: string
}): JSX.Element | null {
  if (branches.length === 0) return null
  return (
    <ul class="offspring">
      {branches.map((branch) => (
        <Branch key={branch.actor.session} branch={branch} chosen={chosen} shown={shown} />
      ))}
    </ul>
  )
}

function ActorView({
  machines,
  actor,
}: {
  readonly machines: KernelMachines
  readonly actor: InspectedActor
}): JSX.Element {
  const history = machines.historyOf(actor.session)
  const move = history.player.shown.value
  const context = move?.snapshot.context ?? actor.context
  const side = (
    <section class="panel" aria-labelledby="context-title">
      <h2 id="context-title">
        {actor.chart === undefined ? 'Says' : 'Context'}{' '}
        <span class={`chip ${toneOfActor(move?.snapshot.status ?? actor.status)}`}>
          {move?.snapshot.status ?? actor.status}
        </span>
        {!history.player.isLive.value && move !== undefined && (
          <span class="quiet"> as it was at {clockTime(move.at)}</span>
        )}
      </h2>
      <JsonTree text={context === '' ? 'null' : context} name="context" />
    </section>
  )
  return (
    <>
      {actor.chart === undefined ? (
        <div class="chart-side alone">{side}</div>
      ) : (
        <ActorChart machines={machines} actor={actor} history={history} side={side} />
      )}
      <Records history={history} leftOut={actor.leftOut ?? 0} nameOf={(session) => machines.nameOf(session)} />
    </>
  )
}

function ActorChart({
  machines,
  actor,
  history,
  side,
}: {
  readonly machines: KernelMachines
  readonly actor: InspectedActor
  readonly history: ActorHistory
  readonly side: JSX.Element
}): JSX.Element {
  const path = `${encodeURIComponent(machines.kernel)}/${encodeURIComponent(actor.session)}`
  const epoch = useComputed(() => kernels.value.get(machines.kernel)?.status.value.epoch ?? 0).value
  const drawing = drawingOf(path, epoch).value
  if (drawing.state !== 'drawn')
    return (
      <>
        <Undrawn drawing={drawing} path={path} version={epoch} />
        {side}
      </>
    )
  return <LitActor actor={actor} history={history} drawn={drawing.drawn} map={drawing.map} side={side} />
}

function LitActor({
  actor,
  history,
  drawn,
  map,
  side,
}: {
  readonly actor: InspectedActor
  readonly history: ActorHistory
  readonly drawn: DrawnChart
  readonly map: ChartMap
  readonly side: JSX.Element
}): JSX.Element {
  const { player } = history
  const ids = player.shown.value?.active ?? actor.active
  const given = useSignal(ids)
  if (given.peek() !== ids) given.value = ids
  const lights = useActorLights(history, map, given)
  const names = lights.leaves.value.map((id) => map.nameOf(id)).join(' and ')
  return (
    <>
      <Spoken text={`${nameOf(actor)}: now in ${names}`} />
      <div class={arrangement(drawn.layout)}>
        <div class="chart-main">
          <ChartCanvas drawn={drawn} label={`Machine ${nameOf(actor)}, in ${names}`} lights={lights} />
          <Timeline player={player} textOf={({ event, active }) => `${event?.type ?? 'moved'}: ${placesOf(active)}`}>
            {player.moves.value.length > 0 && (
              <p class="quiet">The last {count(player.moves.value.length, 'move')} that it has told of</p>
            )}
          </Timeline>
        </div>
        <div class="chart-side">
          <section class={`panel state-card ${player.isLive.value ? '' : 'past'}`} aria-labelledby="place-title">
            <h2 id="place-title">{player.isLive.value ? 'Now' : `At ${clockTime(player.shown.value?.at ?? 0)}`}</h2>
            <p class="state-path good">{names}</p>
          </section>
          {side}
          <Transitions map={map} lights={lights} verdictOn={() => undefined} />
          <PointedEdge map={map} lights={lights} verdictOn={() => undefined} />
        </div>
      </div>
    </>
  )
}

function useActorLights(history: ActorHistory, map: ChartMap, ids: Signal<readonly string[]>): Lights {
  const { player } = history
  const active = useComputed(() => map.withAncestors(ids.value))
  const leaves = useComputed(() => map.leavesOf(active.value))
  const trails = useComputed(() => trailsOf(player.moves.value, player.index.value + 1))
  // What is left of its delays only the machine itself knows.
  const countdowns = useSignal([])
  const now = useSignal(0)
  const pointed = useSignal<string | undefined>(undefined)
  return useMemo(
    () => ({ active, leaves, transit: player.transit, trails, countdowns, now, pointed }),
    [active, leaves, player, trails, countdowns, now, pointed],
  )
}

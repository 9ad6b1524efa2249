/** The kernel's life as its statechart: live or at a place in the past, with what the counters and delays were there. */
import { useComputed, useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'
import type { KernelStatus } from '../../../supervisor/status.ts'
import type { DrawnChart } from '../../wire.ts'
import type { LiveKernel } from '../store.ts'
import { useCountdownTime } from './browser-clock.ts'
import { arrangement, ChartCanvas, type Lights } from './canvas.tsx'
import type { ChartMap } from './chart-map.ts'
import { countdownsOf } from './countdown.ts'
import { drawingOf } from './drawings.ts'
import { restartsLeft, verdictOn } from './guards.ts'
import { stepText } from './history.ts'
import { HistoryStrip } from './history-strip.tsx'
import { KernelHistory, type StepMove } from './kernel-history.ts'
import { Spoken } from './spoken.tsx'
import { StateCard } from './state-card.tsx'
import { StepList } from './step-list.tsx'
import { Timeline } from './timeline.tsx'
import { trailsOf } from './trace.ts'
import { PointedEdge, Transitions } from './transitions.tsx'
import { Undrawn } from './undrawn.tsx'

export function Lifecycle({ kernel }: { readonly kernel: LiveKernel }): JSX.Element {
  const drawing = drawingOf('lifecycle').value
  if (drawing.state !== 'drawn') return <Undrawn drawing={drawing} path="lifecycle" />
  return <LifecycleOf key={kernel.spec.id} kernel={kernel} drawn={drawing.drawn} map={drawing.map} />
}

function LifecycleOf({
  kernel,
  drawn,
  map,
}: {
  readonly kernel: LiveKernel
  readonly drawn: DrawnChart
  readonly map: ChartMap
}): JSX.Element {
  const { id } = kernel.spec
  const history = useMemo(() => new KernelHistory(id, map), [id, map])
  useEffect(() => () => history.close(), [history])
  const lights = useLifecycleLights(kernel, history, map)
  const budget = budgetAt(kernel.status.value, history.player.isLive.value ? undefined : history.player.shown.value)
  const verdict = (guard: string | undefined) => verdictOn(guard, budget)
  const state = history.player.shown.value?.step.to ?? kernel.status.value.state
  return (
    <>
      <Spoken text={`${id}: ${history.player.isLive.value ? 'now in' : 'was in'} ${state}`} />
      <div class={arrangement(drawn.layout)}>
        <div class="chart-main">
          <ChartCanvas drawn={drawn} label={`Lifecycle of ${id}, in ${state}`} lights={lights}>
            <span class="restarts">
              restarts left <strong>{restartsLeft(budget)}</strong> of {budget.max}
            </span>
          </ChartCanvas>
          <Timeline player={history.player} textOf={({ step }) => stepText(step)}>
            <HistoryStrip history={history} />
          </Timeline>
        </div>
        <div class="chart-side">
          <StateCard kernel={kernel} history={history} lights={lights} budget={budget} />
          <Transitions map={map} lights={lights} verdictOn={verdict} />
          <PointedEdge map={map} lights={lights} verdictOn={verdict} />
        </div>
      </div>
      <StepList history={history} />
    </>
  )
}

/** The counters of the present, or of a place in the past under today's limits. */
function budgetAt({ budget }: KernelStatus, past: StepMove | undefined): KernelStatus['budget'] {
  if (past === undefined) return budget
  const { failures, starts, attempts } = past.step
  return { ...budget, failures, starts, attempts }
}

function useLifecycleLights(kernel: LiveKernel, history: KernelHistory, map: ChartMap): Lights {
  const { player } = history
  const leaves = useComputed(() => player.shown.value?.active ?? map.nodesOf(kernel.status.value.state))
  const active = useComputed(() => map.withAncestors(leaves.value))
  const trails = useComputed(() => trailsOf(player.moves.value, player.index.value + 1))
  const countdowns = useComputed(() => {
    if (!player.isLive.value) return []
    const status = kernel.status.value
    const step = player.shown.value?.step
    // The step comes at once, the status a moment later: what is newer counts.
    const timers = step !== undefined && step.at > status.stateSince ? step.timers : status.timers
    return countdownsOf(map, leaves.value, timers)
  })
  const now = useCountdownTime(countdowns)
  const pointed = useSignal<string | undefined>(undefined)
  return useMemo(
    () => ({ active, leaves, transit: player.transit, trails, countdowns, now, pointed }),
    [active, leaves, player, trails, countdowns, now, pointed],
  )
}

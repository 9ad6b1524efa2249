/**
 * Lays a chart out: ELK, asked in a few ways, and the best answer kept. What counts first is that nothing overlaps
 * (overlaps.ts), then a picture that is small, not too long a strip, and whose lines are short and cross little. ELK
 * works on the thread that calls; layout-desk.ts takes it off the main one.
 */
import ElkModule from 'elkjs/lib/elk.bundled.js'
import type { ELK } from 'elkjs/lib/elk-api.js'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { elkGraph, type LayoutPlan, type MeasuredChart, measured } from './elk-graph.ts'
import type { Chart, ChartLayout } from './model.ts'
import { type Overlaps, overlapCount, overlapsOf } from './overlaps.ts'
import { placed } from './placement.ts'
import { costOf } from './score.ts'

const centre = 'elk.layered.edgeLabels.centerLabelPlacementStrategy'
const placement = 'elk.layered.nodePlacement.strategy'
const switching = 'elk.layered.crossingMinimization.greedySwitchHierarchical.type'
/** Labels where they take least room, which as a rule is by the state that they leave; then other ways to have them. */
const ways: readonly LayoutPlan[] = [
  { direction: 'DOWN', options: { [centre]: 'SPACE_EFFICIENT_LAYER' } },
  { direction: 'RIGHT', options: { [centre]: 'SPACE_EFFICIENT_LAYER' } },
  { direction: 'DOWN', options: { [centre]: 'TAIL_LAYER' } },
  { direction: 'DOWN', options: { [centre]: 'SPACE_EFFICIENT_LAYER', [switching]: 'TWO_SIDED' } },
  { direction: 'DOWN', options: { [centre]: 'MEDIAN_LAYER' } },
  { direction: 'DOWN', options: { [centre]: 'SPACE_EFFICIENT_LAYER', [placement]: 'BRANDES_KOEPF' } },
  { direction: 'RIGHT', options: { [centre]: 'TAIL_LAYER' } },
]

interface Attempt {
  readonly layout: ChartLayout
  readonly overlaps: Overlaps
  readonly cost: number
}

/** elkjs is CommonJS, and its types say otherwise. */
const elk: ELK = new (ElkModule as unknown as new () => ELK)()

/**
 * @throws LazaretError CHART_TOO_LARGE: more states and transitions than limits.chartParts.
 */
export async function layoutChart(chart: Chart): Promise<ChartLayout> {
  const whole = measured(chart)
  const parts = whole.nodes.length + chart.edges.length
  if (parts > limits.chartParts)
    throw new LazaretError('CHART_TOO_LARGE', `The chart ${chart.id} has too many parts to be drawn. Got: ${parts}`, {
      hint: `At most ${limits.chartParts} states and transitions are drawn in one picture: draw a part of the machine.`,
    })
  let best: Attempt | undefined
  const started = performance.now()
  let last: unknown
  for (const way of ways) {
    if (best !== undefined && overlapCount(best.overlaps) === 0 && performance.now() - started > limits.chartLayoutMs) break
    try {
      const tried = await attempt(whole, way)
      if (best === undefined || tried.cost < best.cost) best = tried
    } catch (thrown) {
      // ELK stumbles over some graphs in some ways; another way is at hand.
      last = thrown
    }
  }
  if (best === undefined) throw last
  return best.layout
}

async function attempt(whole: MeasuredChart, plan: LayoutPlan): Promise<Attempt> {
  const layout = placed(await elk.layout(elkGraph(plan, whole)), whole, plan)
  const overlaps = overlapsOf(whole.chart, layout)
  return { layout, overlaps, cost: costOf(layout, overlaps) }
}

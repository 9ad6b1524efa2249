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
import { costOf, crossingsOf } from './score.ts'

const centre = 'elk.layered.edgeLabels.centerLabelPlacementStrategy'
const placement = 'elk.layered.nodePlacement.strategy'
const layering = 'elk.layered.layering.strategy'
const compact = { [centre]: 'SPACE_EFFICIENT_LAYER' }
/** Labels where they take least room, which as a rule is by the state that they leave; then other ways to have them. */
const ways: readonly LayoutPlan[] = [
  { direction: 'DOWN', options: compact },
  { direction: 'RIGHT', options: compact },
  { direction: 'DOWN', options: { ...compact, [placement]: 'LINEAR_SEGMENTS' } },
  { direction: 'DOWN', options: { ...compact, [layering]: 'LONGEST_PATH' } },
  { direction: 'DOWN', options: { [centre]: 'MEDIAN_LAYER' } },
]
/** Of a chart with more parts than limits.chartPartsTried. */
const waysOfLarge = 2

interface Attempt {
  readonly layout: ChartLayout
  readonly overlaps: Overlaps
  readonly cost: number
}

/** elkjs is CommonJS, and its types say otherwise. */
const elk: ELK = new (ElkModule as unknown as new () => ELK)()

/**
 * The same chart is laid out the same way each time.
 * @throws LazaretError CHART_TOO_LARGE: more states and transitions than limits.chartParts. CHART_FAILED: ELK could not
 * lay it out in any way.
 */
export async function layoutChart(chart: Chart): Promise<ChartLayout> {
  const whole = measured(chart)
  const parts = whole.nodes.length + chart.edges.length
  if (parts > limits.chartParts)
    throw new LazaretError('CHART_TOO_LARGE', `The chart ${chart.id} has too many parts to be drawn. Got: ${parts}`, {
      hint: `At most ${limits.chartParts} states and transitions are drawn in one picture: draw a part of the machine.`,
    })
  const few = parts > limits.chartPartsTried ? waysOfLarge : ways.length
  const aside = new Set<string>()
  let best: Attempt | undefined
  let failure: unknown
  for (const [index, way] of ways.entries()) {
    if (best !== undefined && overlapCount(best.overlaps) === 0 && (index >= few || isGood(best.layout))) break
    try {
      const tried = await attempt(whole, way, aside)
      if (best === undefined || tried.cost < best.cost) best = tried
    } catch (thrown) {
      // ELK stumbles over some graphs in some ways; another way is at hand.
      failure = thrown
    }
  }
  if (best !== undefined) return best.layout
  throw new LazaretError('CHART_FAILED', `The chart ${chart.id} could not be laid out.`, { cause: failure })
}

/**
 * Where lines cross the text of a compound state it is laid out once more, with that text beside what it holds.
 * @param aside what was found so by earlier attempts; what this one finds is added.
 */
async function attempt(whole: MeasuredChart, way: LayoutPlan, aside: Set<string>): Promise<Attempt> {
  const once = async (): Promise<Attempt> => {
    const plan = way.direction === 'DOWN' ? { ...way, aside: new Set(aside) } : way
    const layout = placed(await elk.layout(elkGraph(plan, whole)), whole, plan)
    const overlaps = overlapsOf(whole.chart, layout)
    return { layout, overlaps, cost: costOf(layout, overlaps) }
  }
  let tried = await once()
  for (let again = 0; again < 2; again++) {
    const crossed = tried.overlaps.edgesThroughText.filter(({ node }) => !aside.has(node))
    if (way.direction !== 'DOWN' || crossed.length === 0) break
    for (const { node } of crossed) aside.add(node)
    tried = await once()
  }
  return tried
}

/** Of a screen's shape and hardly a line that crosses another: whatever else is tried, nobody would see the difference. */
function isGood(layout: ChartLayout): boolean {
  const shape = layout.width / Math.max(1, layout.height)
  return shape > 0.6 && shape < 1.9 && crossingsOf(layout) <= layout.edges.length / 8
}

/**
 * Lays a chart out: ELK, asked in a few ways, and the best answer kept. What counts first is that nothing overlaps
 * (overlaps.ts), then a picture that is small, not too long a strip, and whose lines are short and cross little. ELK
 * works on the thread that calls; layout-desk.ts takes it off the main one.
 */
import ElkModule from 'elkjs/lib/elk.bundled.js'
import type { ELK } from 'elkjs/lib/elk-api.js'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { elkGraph, folded, type LayoutPlan, type MeasuredChart, measured } from './elk-graph.ts'
import type { Chart, ChartLayout } from './model.ts'
import { type Overlaps, overlapCount, overlapsOf } from './overlaps.ts'
import { placed } from './placement.ts'
import { costOf, crossingsOf } from './score.ts'

const centre = 'elk.layered.edgeLabels.centerLabelPlacementStrategy'
const placement = 'elk.layered.nodePlacement.strategy'
const layering = 'elk.layered.layering.strategy'
const compact = { [centre]: 'SPACE_EFFICIENT_LAYER' }
/** Labels where they take least room, which as a rule is by the state that they leave; then other ways to have them. */
const written: LayoutPlan = { direction: 'DOWN', options: compact }
const linear: LayoutPlan = { direction: 'DOWN', options: { ...compact, [placement]: 'LINEAR_SEGMENTS' } }
const longest: LayoutPlan = { direction: 'DOWN', options: { ...compact, [layering]: 'LONGEST_PATH' } }
const sideways: LayoutPlan = { direction: 'RIGHT', options: compact }
const median: LayoutPlan = { direction: 'DOWN', options: { [centre]: 'MEDIAN_LAYER' } }
/** Attempts after which the best is taken, if nothing overlaps in it: of a strip, and of what only has crossings. */
const enough = { ofStrip: 3, ofOther: 2 }

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
  const aside = new Set<string>()
  let best: Attempt | undefined
  let failure: unknown
  let attempts = 0
  let most: number = enough.ofStrip
  for (const { plan, chart: asked } of ways(whole, () => best?.layout)) {
    if (best !== undefined && attempts >= most && parts > limits.chartPartsTried) break
    if (best !== undefined && overlapCount(best.overlaps) === 0 && (attempts >= most || isGood(best.layout))) break
    attempts += 1
    try {
      // What stands beside what it holds was found for the written order, and holds for that.
      const tried = await attempt(asked, plan, asked === whole ? aside : new Set(), best)
      if (attempts === 1 && !isStrip(tried.layout)) most = enough.ofOther
      if (best === undefined || tried.cost < best.cost) best = tried
    } catch (thrown) {
      // ELK stumbles over some graphs in some ways; another way is at hand.
      failure = thrown
    }
  }
  if (best !== undefined) return best.layout
  throw new LazaretError('CHART_FAILED', `The chart ${chart.id} could not be laid out.`, { cause: failure })
}

interface Way {
  readonly plan: LayoutPlan
  readonly chart: MeasuredChart
}

/** As it is written first; then, by the shape of that, what is likely to be better. */
function* ways(whole: MeasuredChart, best: () => ChartLayout | undefined): Generator<Way> {
  const plain = (plan: LayoutPlan): Way => ({ plan, chart: whole })
  yield plain(written)
  const isBroad = shapeOf(best()) > wide
  if (isBroad) yield plain(sideways)
  for (const chart of folded(whole, 2)) yield { plan: written, chart }
  yield plain(linear)
  yield plain(median)
  yield plain(longest)
  if (!isBroad) yield plain(sideways)
}

/**
 * Where lines cross the text of a compound state it is laid out once more, with that text beside what it holds.
 * @param aside what was found so by earlier attempts; what this one finds is added.
 */
async function attempt(
  whole: MeasuredChart,
  way: LayoutPlan,
  aside: Set<string>,
  best: Attempt | undefined,
): Promise<Attempt> {
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
    // Not for what will be laid out in another way anyhow.
    if (best === undefined ? shapeOf(tried.layout) < narrow : costOf(tried.layout) > best.cost) break
    tried = await once()
  }
  return tried
}

const [narrow, wide] = [0.75, 1.9]

function shapeOf(layout: ChartLayout | undefined): number {
  return layout === undefined ? 1 : layout.width / Math.max(1, layout.height)
}

function isStrip(layout: ChartLayout): boolean {
  return shapeOf(layout) < narrow || shapeOf(layout) > wide
}

/** Of a screen's shape and hardly a line that crosses another: whatever else is tried, nobody would see the difference. */
function isGood(layout: ChartLayout): boolean {
  return !isStrip(layout) && crossingsOf(layout) <= layout.edges.length / 8
}

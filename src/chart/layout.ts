import ElkModule from 'elkjs/lib/elk.bundled.js'
import { elkGraph, type LayoutPlan, measured } from './elk-graph.ts'
import type { Chart, ChartLayout } from './model.ts'
import { placed } from './placement.ts'
import type { ELK } from 'elkjs/lib/elk-api.js'
const elk: ELK = new (ElkModule as unknown as new () => ELK)()
export async function attempt(chart: Chart, plan: LayoutPlan): Promise<ChartLayout> {
  const m = measured(chart)
  return placed(await elk.layout(elkGraph(plan, m)), m, plan)
}

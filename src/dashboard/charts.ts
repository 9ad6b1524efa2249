/**
 * Charts as they are drawn: laid out once, and kept by what is on them. A kernel's actors may run one machine many times,
 * and all who look at the lifecycle look at the same picture.
 */
import { limits } from '../base/limits.ts'
import { chartKey } from '../chart/chart-key.ts'
import { chartOf } from '../chart/from-machine.ts'
import type { InspectedActor } from '../chart/inspected.ts'
import type { Chart, ChartLayout } from '../chart/model.ts'
import { lifecycleMachine } from '../lifecycle/machine.ts'
import type { ChartPorts } from './ports.ts'
import type { DrawnChart } from './wire.ts'

export interface Draughtsman {
  layout(chart: Chart): Promise<ChartLayout>
  svg(chart: Chart, layout: ChartLayout): string
}

export function chartPorts(
  machines: (kernel: string) => readonly InspectedActor[],
  { layout, svg }: Draughtsman,
): ChartPorts {
  const kept = new Map<string, Promise<DrawnChart>>()
  const drawn = async (chart: Chart): Promise<DrawnChart> => {
    const placed = await layout(chart)
    return { chart, layout: placed, svg: svg(chart, placed) }
  }
  return {
    lifecycle: chartOf(lifecycleMachine),
    ofSession: (kernel, session) => machines(kernel).find((actor) => actor.session === session)?.chart,
    key: chartKey,
    draw(chart) {
      const key = chartKey(chart)
      let drawing = kept.get(key)
      if (drawing === undefined) {
        drawing = drawn(chart)
        // One that fails is not kept: the next one who asks may have more luck.
        drawing.catch(() => kept.delete(key))
      }
      // The one asked for last is the last to go.
      kept.delete(key)
      kept.set(key, drawing)
      const oldest = kept.keys().next().value
      if (kept.size > limits.dashboardCharts && oldest !== undefined) kept.delete(oldest)
      return drawing
    },
  }
}

/** Charts as the page gets them: laid out by a thread of their own, which remembers them, and drawn for its colours. */
import { chartKey } from '../chart/chart-key.ts'
import { chartOf } from '../chart/from-machine.ts'
import type { InspectedActor } from '../chart/inspected.ts'
import type { LayoutDesk } from '../chart/layout-desk.ts'
import { chartSvg } from '../chart/svg.ts'
import { lifecycleMachine } from '../lifecycle/machine.ts'
import type { ChartPorts } from './ports.ts'

/** @param machines of a kernel's own. @throws LazaretError UNKNOWN_KERNEL, as it does. */
export function chartPorts(machines: (kernel: string) => readonly InspectedActor[], desk: LayoutDesk): ChartPorts {
  return {
    lifecycle: chartOf(lifecycleMachine),
    ofSession: (kernel, session) => machines(kernel).find((actor) => actor.session === session)?.chart,
    key: chartKey,
    async draw(chart) {
      const layout = await desk.layout(chart)
      return { chart, layout, svg: chartSvg(chart, layout, { embed: true }) }
    },
  }
}

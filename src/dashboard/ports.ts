/**
 * The part of a runtime that a dashboard shows. The server asks for nothing else, so a test, or another program, can hand
 * it something made by hand.
 */
import type { Clock } from '../base/clock.ts'
import type { EventListener, EventStream, EventType, LazaretEvent } from '../base/events.ts'
import type { FleetSpec } from '../base/spec.ts'
import type { InspectedActor } from '../chart/inspected.ts'
import type { Chart } from '../chart/model.ts'
import { withCommandLog } from '../control/command-log.ts'
import type { ControlTable } from '../control/server.ts'
import { type Controllable, controlTable } from '../control/table.ts'
import { type KernelStatus, statusOf } from '../supervisor/status.ts'
import type { Unit } from '../supervisor/unit.ts'
import type { DashboardRoute } from './routes.ts'
import type { DrawnChart, FleetKernel, Opening, TrafficLink } from './wire.ts'

export interface ChartPorts {
  /** The lifecycle's own. */
  readonly lifecycle: Chart
  /** Of an actor of a kernel's own; undefined where there is none, or where it runs no machine. */
  ofSession(kernel: string, session: string): Chart | undefined
  /** Changes with whatever is drawn of it. */
  key(chart: Chart): string
  draw(chart: Chart): Promise<DrawnChart>
}

export interface DashboardPorts {
  readonly clock: Clock
  /** Its commands are journaled. */
  readonly table: ControlTable
  opening(): Omit<Opening, 'readOnly'>
  status(): readonly KernelStatus[]
  statusOf(id: string): KernelStatus | undefined
  links(): readonly TrafficLink[]
  /** Every event from now on. Returns the function that ends it. */
  on(listener: EventListener): () => void
  /** Number of the last event. */
  lastSeq(): number
  /** Lines of logs, see supervisor/log-tail.ts. Returns the function that ends it. */
  followLogs: Controllable['followLogs']
  /** From the journal, in their order. */
  eventsAfter(seq: number, limit: number): LazaretEvent[]
  /** The last ones of these types, oldest first. */
  lastEvents(types: readonly EventType[], limit: number): LazaretEvent[]
  /** Calls back with the kernel whose own machines have moved. */
  onInspected?(listener: (kernel: string) => void): () => void
  readonly charts?: ChartPorts
  /** A defect: never thrown at whoever asks. */
  failed(thrown: unknown): void
  /** Served beside the dashboard's own, under the same checks. */
  readonly routes?: readonly DashboardRoute[]
}

/** What a runtime hands over, in one piece. */
export interface Shown {
  readonly runtime: Controllable
  readonly fleet: FleetSpec
  readonly units: ReadonlyMap<string, Unit>
  readonly events: EventStream
  readonly eventsAfter: (seq: number, limit: number) => LazaretEvent[]
  readonly lastEvents: (types: readonly EventType[], limit: number) => LazaretEvent[]
  readonly clock: Clock
  readonly dataDir: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly version: string
  readonly links: () => readonly TrafficLink[]
  readonly report: (thrown: unknown) => void
  /** State machines of a kernel's own. */
  readonly machines: (kernel: string) => readonly InspectedActor[]
  readonly onInspected: (listener: (kernel: string) => void) => () => void
  readonly routes?: readonly DashboardRoute[]
}

export function portsOf(shown: Shown, charts: ChartPorts): DashboardPorts {
  const { runtime, units, events, clock, links, eventsAfter, lastEvents, onInspected, routes } = shown
  const fleet = shown.fleet.kernels.map(fleetKernel)
  const status = () => [...units.values()].map(statusOf)
  const about = { version: shown.version, dataDir: shown.dataDir, startedAt: shown.startedAt, fleet }
  return {
    ...{ clock, status, links, eventsAfter, lastEvents, onInspected, charts, failed: shown.report },
    table: withCommandLog(controlTable(runtime), 'dashboard', { emit: events.emit, isKernel: (id) => units.has(id) }),
    opening: () => ({
      ...{ ...about, now: clock.now(), repairs: runtime.repairs },
      ...{ kernels: status(), links: links(), seq: events.lastSeq },
    }),
    statusOf: (id) => {
      const unit = units.get(id)
      return unit && statusOf(unit)
    },
    on: (listener) => events.on(listener),
    lastSeq: () => events.lastSeq,
    followLogs: (options, onLine) => runtime.followLogs(options, onLine),
    ...(routes && { routes }),
  }
}

function fleetKernel({
  id,
  tier,
  dependsOn,
  replicas,
  degraded: { mode, to },
}: FleetSpec['kernels'][number]): FleetKernel {
  return { id, tier, dependsOn, replicas, degraded: { mode, ...(to !== undefined && { to }) } }
}

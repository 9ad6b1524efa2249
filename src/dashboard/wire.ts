/**
 * What the page and its server say to each other. Commands and questions are the control protocol's own ops, posted to
 * `api/ops/<op>` with the same parameters; this file has what only a page needs. Types only: the page is built from it.
 */
import type { LazaretEvent } from '../base/events.ts'
import type { Tier } from '../base/spec.ts'
import type { Chart, ChartLayout } from '../chart/model.ts'
import type { HistoryStep } from '../supervisor/history.ts'
import type { TrafficLink } from '../supervisor/links.ts'
import type { RepairsState } from '../supervisor/repair-switch.ts'
import type { KernelStatus } from '../supervisor/status.ts'

/** What the fleet says of a kernel, as far as the page draws it. */
export interface FleetKernel {
  readonly id: string
  readonly tier: Tier
  readonly dependsOn: readonly string[]
  readonly replicas: number
  readonly degraded: { readonly mode: string; readonly to?: string }
}

export type { HistoryStep, TrafficLink }

/** `GET api/state`: everything that the page begins with. */
export interface Opening {
  readonly version: string
  readonly dataDir: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly now: number
  /** Mutations are refused. */
  readonly readOnly: boolean
  readonly repairs: RepairsState
  readonly fleet: readonly FleetKernel[]
  readonly kernels: readonly KernelStatus[]
  readonly links: readonly TrafficLink[]
  /** The last event that is contained in this. */
  readonly seq: number
}

/**
 * `GET api/events`, a stream of server-sent events. `id` is the last event's seq; after a gap, ask with
 * `Last-Event-ID` and what was missed comes first (from the journal), or `reset` where that is too much.
 */
export type Frame =
  /** Kernels and links that have changed since the last frame of this kind; at most limits.dashboardFrameMs apart. */
  | {
      readonly type: 'state'
      readonly now: number
      readonly kernels: readonly KernelStatus[]
      readonly links: readonly TrafficLink[]
    }
  | {
      readonly type: 'events'
      readonly events: readonly LazaretEvent[] /** Events left out, because there were too many. */
      readonly leftOut: number
    }
  /** A kernel's own machines have moved: ask for them with the op `machines`. */
  | { readonly type: 'inspected'; readonly kernels: readonly string[] }
  /** Begin again with api/state. */
  | { readonly type: 'reset' }

/** `GET api/charts/lifecycle`, `GET api/charts/<kernel>/<session>`. */
export interface DrawnChart {
  readonly chart: Chart
  readonly layout: ChartLayout
  /** Its colours are CSS variables, its nodes and edges carry `data-node` and `data-edge` with their ids. */
  readonly svg: string
}

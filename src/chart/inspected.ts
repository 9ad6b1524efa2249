/** What a kernel's own state machines say of themselves, as records that leave its thread. Types only. */
import type { Chart } from './model.ts'

export type InspectedRecord =
  /** An actor was made. Those that run no machine (promises, callbacks) have no chart. */
  | {
      readonly kind: 'actor'
      readonly at: number
      /** XState's session id; one actor's in its kernel. */
      readonly session: string
      readonly id: string
      readonly parent?: string
      readonly chart?: Chart
    }
  | {
      readonly kind: 'event'
      readonly at: number
      readonly session: string
      /** Session of the sender, where an actor sent it. */
      readonly from?: string
      readonly type: string
      /** The event as JSON, redacted and cut. */
      readonly text: string
    }
  | {
      readonly kind: 'snapshot'
      readonly at: number
      readonly session: string
      readonly status: string
      /** Ids of the chart's nodes that are active. */
      readonly active: readonly string[]
      /** Ids of the chart's edges that were taken since the one before. */
      readonly edges: readonly string[]
      /** The context as JSON, redacted and cut; of an actor that runs no machine: its output, error or input. */
      readonly context: string
      /** Records of this actor that were left out since its last snapshot, because there were too many. */
      readonly leftOut?: number
    }

/** An actor of a kernel as the host remembers it. */
export interface InspectedActor {
  readonly session: string
  readonly id: string
  readonly parent?: string
  readonly chart?: Chart
  readonly status: string
  readonly active: readonly string[]
  readonly context: string
  /** Its records that were left out so far, because there were too many; absent: none. */
  readonly leftOut?: number
  /** The last ones, oldest first. */
  readonly recent: readonly Exclude<InspectedRecord, { kind: 'actor' }>[]
}

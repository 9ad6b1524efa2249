/** The way of a kernel's chart through its states, as the journal has it: of this process and of those before. */
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { JournalReader } from '../journal/reader.ts'
import type { KernelStatus } from './status.ts'

/** One transition, as op `history` tells it. */
export interface HistoryStep {
  readonly seq: number
  /** Epoch milliseconds. */
  readonly at: number
  /** States, dotted. The same where only a delay has ended within one. */
  readonly from: string
  readonly to: string
  /** What caused it, as the chart's edge is labelled: `CRASHED`, `after backoff`. */
  readonly on: string
  /** Ids of edges of the lifecycle chart. */
  readonly edges: readonly string[]
  /** The counters and the delays that run, after it. */
  readonly failures: number
  readonly starts: number
  readonly attempts: number
  readonly timers: KernelStatus['timers']
}

export interface HistoryPage {
  /** Only steps with a smaller number; without it the last ones. */
  readonly before?: number | undefined
  /** Default limits.historySteps. */
  readonly limit?: number | undefined
}

/** Oldest first. @throws LazaretError OPTION_INVALID for a limit that is no whole number above 0. */
export function historyOf(
  journal: Pick<JournalReader, 'events'>,
  kernel: string,
  { before, limit = limits.historySteps }: HistoryPage = {},
): HistoryStep[] {
  const events = journal.events({ kernel, type: 'kernel.transitioned', before, limit })
  // All that was written has this shape, but for a row that the disk has damaged: it names no state.
  const whole = events.filter((event) => typeof event.to === 'string') as (LazaretEvent & HistoryStep)[]
  return whole.map(({ seq, at, from, to, on, edges, failures, starts, attempts, timers }) => {
    return { seq, at, from, to, on, edges, failures, starts, attempts, timers }
  })
}

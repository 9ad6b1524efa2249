/** The way of a kernel's chart through its states, as the journal has it: of this process and of those before. */
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
  // What was written has this shape, but for a row that was damaged on the disk or cut.
  return events.filter((event) => typeof event.to === 'string').map(({ type: _, kernel: __, ...step }) => step as never)
}

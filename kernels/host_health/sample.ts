/**
 * The figures of a moment, and what they mean. Judging is pure; measuring is one function. The delay is that of this
 * kernel's own event loop, which does next to nothing: when it is late, the machine gave it no time.
 */

import os from 'node:os'
import type { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Figures {
  /** Processes that run or want to, over the last minute, for each core: 1 is busy, above 1 some wait. */
  load: number
  /** Share of the memory that is in use, 0 to 1; of the container's, where it has a limit. */
  memory: number
  /** The 99th percentile of what timers came late since the last sample. Milliseconds. */
  delayMs: number
}
export interface Sample extends Figures {
  /** Epoch milliseconds. */
  at: number
  /** Which figures are over their limit. */
  over: (keyof Figures)[]
}

/** The figures that are over their limit: at it is still well. */
export function judge(figures: Figures, most: Figures): (keyof Figures)[] {
  return (['load', 'memory', 'delayMs'] as const).filter((key) => figures[key] > most[key])
}

/** @param delays measured since the last sample, and begun anew here. */
export function measure(delays: ReturnType<typeof monitorEventLoopDelay>, resolutionMs: number): Figures {
  // The histogram counts the whole interval between two ticks, in nanoseconds, and nothing at first.
  const late = delays.count === 0 ? 0 : delays.percentile(99) / 1e6 - resolutionMs
  delays.reset()
  const total = process.constrainedMemory() || os.totalmem()
  return {
    load: (os.loadavg()[0] ?? 0) / os.availableParallelism(),
    memory: Math.min(1, Math.max(0, 1 - process.availableMemory() / Math.min(total, os.totalmem()))),
    delayMs: Math.max(0, late),
  }
}

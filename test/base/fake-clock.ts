/** A clock that stands still until `advance` moves it; due timers then run in the order of their times. */
import type { Clock } from '../../src/base/clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

export interface FakeClock extends Clock {
  /** Timers that wait. */
  pending(): number
  /** Timers set so far. */
  armed(): number
  /** Delays asked for, newest last. */
  readonly delays: readonly number[]
  advance(ms: number): void
}

export function fakeClock(epochMs = 1_000_000): FakeClock {
  let elapsed = 0
  const timers = new Set<Timer>()
  const delays: number[] = []
  return {
    now: () => epochMs + elapsed,
    monotonicMs: () => elapsed,
    setTimeout(run, ms) {
      const timer = { at: elapsed + Math.max(0, ms), run }
      timers.add(timer)
      delays.push(ms)
      return timer
    },
    clearTimeout: (timer) => timers.delete(timer as Timer),
    pending: () => timers.size,
    armed: () => delays.length,
    delays,
    advance(ms) {
      const end = elapsed + ms
      for (;;) {
        const due = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers.delete(due)
        elapsed = Math.max(elapsed, due.at)
        due.run()
      }
      elapsed = end
    },
  }
}

/**
 * A clock that stands still until `advance` moves it; due timers then run in the order of their times. Threads have
 * clocks of their own and go on in real time: for what depends on one (a crash, a reply), wait with `eventually`.
 */
import type { Clock } from '../base/clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/**
 * @example
 * const clock = new ManualClock()
 * clock.setTimeout(() => console.log('a minute has passed'), 60_000)
 * clock.advance(60_000)
 */
export class ManualClock implements Clock {
  readonly #epochMs: number
  readonly #timers = new Set<Timer>()
  readonly #delays: number[] = []
  #elapsedMs = 0

  /** @param epochMs what now() says at first. Default 1,000,000. */
  constructor(epochMs = 1_000_000) {
    this.#epochMs = epochMs
  }

  now(): number {
    return this.#epochMs + this.#elapsedMs
  }

  /** 0 at first. */
  monotonicMs(): number {
    return this.#elapsedMs
  }

  setTimeout(run: () => void, ms: number): unknown {
    const timer = { at: this.#elapsedMs + Math.max(0, ms), run }
    this.#timers.add(timer)
    this.#delays.push(ms)
    return timer
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer)
  }

  /** Moves time on. Timers that are due run before it returns, also those that were set on the way. */
  advance(ms: number): void {
    const end = this.#elapsedMs + ms
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#elapsedMs = Math.max(this.#elapsedMs, due.at)
      due.run()
    }
    this.#elapsedMs = end
  }

  /** Timers that wait. */
  pending(): number {
    return this.#timers.size
  }

  /** Timers set so far. */
  armed(): number {
    return this.#delays.length
  }

  /** Delays asked for, newest last. */
  get delays(): readonly number[] {
    return this.#delays
  }
}

/**
 * Time, as something that is handed in. `now` is for records that people read, `monotonicMs` for deadlines and ages.
 * The shape fits XState's own clock, so one object drives charts, deadlines and sweeps alike.
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Milliseconds that never go back, the same in every thread of the process. */
  monotonicMs(): number
  setTimeout(run: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** hrtime reads CLOCK_MONOTONIC, which all threads share; performance.now() starts anew in each. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs,
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

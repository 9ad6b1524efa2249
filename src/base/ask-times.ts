/**
 * How asks of one kernel ended and how long they took, as a histogram whose bounds never change: two additions an ask,
 * no allocation. Read by whoever shows metrics.
 */

/** Upper bounds of the buckets, in seconds, from a round trip between threads (30 us, FACTS F) to the longest deadline that people set. */
export const askSecondsBounds = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
] as const

export class AskTimes {
  /** One more than bounds: what took longer than the last. Each ask in its own bucket only. */
  readonly buckets: number[] = new Array(askSecondsBounds.length + 1).fill(0)
  replied = 0
  failed = 0
  sumSeconds = 0

  /** @param ms from the sending to the reply. */
  note(ok: boolean, ms: number): void {
    if (ok) this.replied += 1
    else this.failed += 1
    const seconds = ms / 1000
    this.sumSeconds += seconds
    let index = 0
    while (index < askSecondsBounds.length && seconds > (askSecondsBounds[index] as number)) index += 1
    this.buckets[index] = (this.buckets[index] as number) + 1
  }
}

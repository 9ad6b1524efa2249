/**
 * What a machine has done, as something to be shown one after the other. A burst is shown faster, and what cannot be
 * shown in time is skipped: the picture is never more than `maxLagMs` behind the machine. Pure; the time is a parameter.
 */

/** A machine went along these edges, and is in these nodes now. */
export interface Move {
  /** Counts up; of one machine's moves none has the same. */
  readonly key: number
  /** Epoch milliseconds, on the server's clock. */
  readonly at: number
  readonly edges: readonly string[]
  /** Ids of the active nodes, without those that contain them. */
  readonly active: readonly string[]
}

/** How far the picture may be behind. Milliseconds. */
export const maxLagMs = 1000
/** As long as one move takes where none waits behind it; long enough to be followed by eye. */
export const calmMs = 650
/** Shorter than this nobody sees it. */
export const briefestMs = 90

export interface Due<M extends Move> {
  /** Not to be shown any more: they have happened. */
  readonly skipped: readonly M[]
  readonly move: M
  readonly durationMs: number
}

export class MoveQueue<M extends Move = Move> {
  #waiting: { readonly move: M; readonly sinceMs: number }[] = []

  get length(): number {
    return this.#waiting.length
  }

  push(move: M, nowMs: number): void {
    this.#waiting.push({ move, sinceMs: nowMs })
  }

  clear(): void {
    this.#waiting = []
  }

  /** The next one to show and for how long, so that each that waits is over in its time. Undefined: nothing waits. */
  take(nowMs: number): Due<M> | undefined {
    const skipped: M[] = []
    for (;;) {
      const head = this.#waiting.shift()
      if (head === undefined) return undefined
      const durationMs = this.#share(head.sinceMs, nowMs)
      // The last one is always shown: it is where the machine is.
      if (durationMs >= briefestMs || this.#waiting.length === 0)
        return { skipped, move: head.move, durationMs: Math.max(briefestMs, durationMs) }
      skipped.push(head.move)
    }
  }

  #share(headSinceMs: number, nowMs: number): number {
    let share = Math.min(calmMs, headSinceMs + maxLagMs - nowMs)
    this.#waiting.forEach(({ sinceMs }, index) => {
      share = Math.min(share, (sinceMs + maxLagMs - nowMs) / (index + 2))
    })
    return share
  }
}

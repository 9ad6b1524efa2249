/**
 * What has been said of the fleet so far, and what is said next: the stress run waits for events, never for time. A wait
 * looks at the past too, from a place that its caller took before the fault, so none is missed however fast it came.
 */
import type { LazaretEvent } from '../base/events.ts'

type Test = (event: LazaretEvent) => boolean

export class Watch {
  readonly events: LazaretEvent[] = []
  readonly #waiting = new Set<(event: LazaretEvent) => void>()
  readonly #over: AbortSignal

  /** @param over aborted when nobody waits for anything any more. */
  constructor(over: AbortSignal) {
    this.#over = over
  }

  readonly hear = (event: LazaretEvent): void => {
    this.events.push(event)
    for (const listener of [...this.#waiting]) listener(event)
  }

  /** The place of what comes next: to be taken before a fault. */
  get place(): number {
    return this.events.length
  }

  /** Events of a kernel from a place on. */
  of(kernel: string, from = 0): LazaretEvent[] {
    return this.events.slice(from).filter((event) => event.kernel === kernel)
  }

  /**
   * The first event from a place on that satisfies the test; undefined where none comes in time, or before the run ends.
   * @param options.atOnce called with it in the same turn in which it is said.
   */
  next(
    test: Test,
    options: { from?: number; withinMs: number; atOnce?: () => void },
  ): Promise<LazaretEvent | undefined> {
    const { from = this.place, withinMs, atOnce } = options
    const past = this.events.slice(from).find(test)
    if (past !== undefined || this.#over.aborted) {
      if (past !== undefined) atOnce?.()
      return Promise.resolve(past)
    }
    return new Promise((resolve, reject) => {
      const end = (event?: LazaretEvent) => {
        clearTimeout(timer)
        this.#over.removeEventListener('abort', giveUp)
        this.#waiting.delete(hear)
        if (event === undefined) return resolve(undefined)
        try {
          atOnce?.()
          resolve(event)
        } catch (thrown) {
          reject(thrown)
        }
      }
      const giveUp = () => end()
      const hear = (event: LazaretEvent) => {
        if (test(event)) end(event)
      }
      const timer = setTimeout(giveUp, withinMs)
      this.#over.addEventListener('abort', giveUp)
      this.#waiting.add(hear)
    })
  }
}

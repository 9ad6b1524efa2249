/**
 * Server-sent events to one reader, from a source that never waits for it. What the reader has not taken is bounded: past
 * that it misses what comes, is told so by `reset` when it reads again, and is cut off where it does not.
 */
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { HttpRefusal } from './answers.ts'

export interface StreamSource {
  /**
   * @param send takes blocks of server-sent events from now on.
   * @returns what comes first, and the function that ends it.
   */
  open(send: (blocks: string) => void): { readonly first: string; leave(): void }
  /** What a reader is told that has missed something. */
  readonly missed: string
}

/** The open streams of one dashboard. */
export class Streams {
  readonly #clock: Clock
  readonly #open = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * @param cut ends the connection at once, where there is one; else the stream itself fails.
   * @throws HttpRefusal 503 where there are limits.dashboardStreams.
   */
  answer(request: Request, source: StreamSource, cut?: () => void): Response {
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
    if (request.method === 'HEAD') return new Response(null, { headers })
    if (this.#open.size >= limits.dashboardStreams) {
      throw new HttpRefusal(503, `${limits.dashboardStreams} streams are open, and no more are served at once.`, {
        hint: 'Close another window of the dashboard, or try again in a moment.',
        headers: { 'retry-after': '5' },
      })
    }
    return new Response(this.#body(source, cut), { headers })
  }

  closeAll(): void {
    for (const close of [...this.#open]) close()
  }

  #body(source: StreamSource, cut: (() => void) | undefined): ReadableStream<Uint8Array> {
    let reader: Reader | undefined
    let close: () => void = () => undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = new Reader(controller, this.#clock, source.missed, () => {
            close()
            if (cut === undefined) controller.error(new Error('The reader took nothing for too long.'))
            else cut()
          })
          const one = reader
          const { first, leave } = source.open((blocks) => one.send(blocks))
          close = () => {
            if (!this.#open.delete(end)) return
            leave()
          }
          const end = () => {
            close()
            controller.close()
          }
          this.#open.add(end)
          one.send(`retry: ${limits.dashboardSampleMs}\n\n${first}`)
        },
        // The reader has gone.
        cancel: () => close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: limits.dashboardStreamBytes }),
    )
  }
}

class Reader {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>
  readonly #clock: Clock
  readonly #missed: string
  readonly #onStalled: () => void
  readonly #encoder = new TextEncoder()
  /** Since when there has been no room; undefined while there is. */
  #fullSinceMs: number | undefined

  constructor(
    controller: ReadableStreamDefaultController<Uint8Array>,
    clock: Clock,
    missed: string,
    onStalled: () => void,
  ) {
    this.#controller = controller
    this.#clock = clock
    this.#missed = missed
    this.#onStalled = onStalled
  }

  send(blocks: string): void {
    if ((this.#controller.desiredSize ?? 0) > 0) {
      const text = this.#fullSinceMs === undefined ? blocks : this.#missed
      this.#fullSinceMs = undefined
      this.#controller.enqueue(this.#encoder.encode(text))
      return
    }
    const nowMs = this.#clock.monotonicMs()
    this.#fullSinceMs ??= nowMs
    if (nowMs - this.#fullSinceMs >= limits.dashboardStalledMs) this.#onStalled()
  }
}

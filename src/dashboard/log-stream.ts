/**
 * `GET api/logs` and `GET api/logs/:kernel`: lines of logs as server-sent events, some at a time. `?level=` is the lowest
 * one, `?from=` how many earlier lines come first. A page that reads too slowly is told how many were left out: the
 * runtime holds limits.logFrameLines for it, and waits for nobody.
 */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { type LogTailOptions, logTailOptions } from '../supervisor/log-tail.ts'

export interface LogFrame {
  /** JSON, each a line in pino's shape with `kernel`. */
  readonly lines: readonly string[]
  /** Lines that were dropped before these. */
  readonly leftOut: number
}

/** @param onLine must not throw. Returns the function that ends it. @throws LazaretError UNKNOWN_KERNEL, COMMAND_REFUSED. */
export type FollowLogs = (options: LogTailOptions, onLine: (text: string) => void) => () => void

/** Lines that wait to be sent: the oldest go where they are too many. */
export class LogQueue {
  #lines: string[] = []
  #leftOut = 0
  #news = Promise.withResolvers<void>()

  add(line: string): void {
    this.#lines.push(line)
    // In one go at twice the number: to shift an array of thousands for each line would cost more than to send it.
    if (this.#lines.length >= limits.logFrameLines * 2) this.#drop()
    this.#news.resolve()
  }

  #drop(): void {
    const over = this.#lines.length - limits.logFrameLines
    if (over <= 0) return
    this.#lines = this.#lines.slice(over)
    this.#leftOut += over
  }

  /** Resolves when there is something to send. */
  get news(): Promise<void> {
    return this.#news.promise
  }

  take(): LogFrame {
    this.#drop()
    const frame = { lines: this.#lines, leftOut: this.#leftOut }
    this.#lines = []
    this.#leftOut = 0
    this.#news = Promise.withResolvers()
    return frame
  }
}

export function logStream(c: Context, follow: FollowLogs): Response | Promise<Response> {
  const queue = new LogQueue()
  let off: () => void
  try {
    const from = c.req.query('from')
    const level = c.req.query('level')
    const given = { kernel: c.req.param('kernel'), ...(level && { level }), ...(from && { from: Number(from) }) }
    off = follow(logTailOptions(given), (line) => queue.add(line))
  } catch (thrown) {
    const isWrong = thrown instanceof LazaretError && thrown.code === 'OPTION_INVALID'
    const isUnknown = thrown instanceof LazaretError && thrown.code === 'UNKNOWN_KERNEL'
    return c.json({ error: toRecord(thrown) }, isWrong ? 400 : isUnknown ? 404 : 409)
  }
  return streamSSE(
    c,
    async (stream) => {
      const gone = new Promise<void>((resolve) => stream.onAbort(resolve))
      try {
        while (!stream.aborted) {
          await stream.writeSSE({ data: JSON.stringify(queue.take()) })
          await Promise.race([queue.news, gone])
          // What comes together is sent together.
          if (!stream.aborted) await stream.sleep(limits.logFrameMs)
        }
      } finally {
        off()
      }
    },
    // A page that is gone is no failure; whatever else it may be ends this stream alone.
    async () => {},
  )
}

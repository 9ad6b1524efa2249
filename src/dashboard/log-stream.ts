/**
 * `GET api/logs` and `GET api/logs/:kernel`: lines of logs as they come, some of them together. `?level=` is the lowest
 * one, `?from=` how many earlier lines come first. Where more come than a page could show, it is told how many were left
 * out; what becomes of a reader that does not read is in stream.ts.
 */
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'
import { logTailOptions } from '../supervisor/log-tail.ts'
import type { DashboardPorts } from './ports.ts'
import type { StreamSource } from './stream.ts'

export interface LogFrame {
  /** JSON, each a line in pino's shape with `kernel`. */
  readonly lines: readonly string[]
  /** Lines that were dropped before these. */
  readonly leftOut: number
  /** The reader was too slow, and has missed nobody knows how many. */
  readonly missed?: true
}

/** Lines that wait to be sent, limits.logFrameLines at most: the oldest go. */
export class LogQueue {
  #lines: string[] = []
  #leftOut = 0

  add(line: string): void {
    this.#lines.push(line)
    // In one go at twice the number: to shift an array of thousands for each line would cost more than to send it.
    if (this.#lines.length >= limits.logFrameLines * 2) this.#drop()
  }

  #drop(): void {
    const over = this.#lines.length - limits.logFrameLines
    if (over <= 0) return
    this.#lines = this.#lines.slice(over)
    this.#leftOut += over
  }

  take(): LogFrame {
    this.#drop()
    const frame = { lines: this.#lines, leftOut: this.#leftOut }
    this.#lines = []
    this.#leftOut = 0
    return frame
  }
}

function block(frame: LogFrame): string {
  return `data: ${JSON.stringify(frame)}\n\n`
}

/** @throws LazaretError OPTION_INVALID where the query is wrong; open() throws UNKNOWN_KERNEL, COMMAND_REFUSED. */
export function logSource(
  { clock, followLogs }: { readonly clock: Clock } & Pick<DashboardPorts, 'followLogs'>,
  request: Request,
  kernel?: string,
): StreamSource {
  const query = new URL(request.url).searchParams
  const [level, from] = [query.get('level') ?? undefined, query.get('from')]
  const options = logTailOptions({ kernel, level, ...(from !== null && { from: Number(from) }) })
  return {
    missed: block({ lines: [], leftOut: 0, missed: true }),
    open(send) {
      const queue = new LogQueue()
      let timer: unknown
      let isOpen = false
      const flush = () => {
        timer = undefined
        send(block(queue.take()))
      }
      const off = followLogs(options, (line) => {
        queue.add(line)
        // Earlier lines are in what comes first.
        if (!isOpen || timer !== undefined) return
        timer = clock.setTimeout(flush, limits.logFrameMs)
        unrefTimer(timer)
      })
      isOpen = true
      return {
        first: block(queue.take()),
        leave() {
          clock.clearTimeout(timer)
          off()
        },
      }
    },
  }
}

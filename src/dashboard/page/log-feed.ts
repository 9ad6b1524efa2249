/** Follows the logs over the server's stream, and begins anew where it breaks off; what comes is handed on at once. */
import type { LogFrame } from '../log-stream.ts'
import { parts, Refused } from './api.ts'

export interface FeedOptions {
  /** Empty: all of them. */
  readonly kernel: string
  readonly level: string
  readonly onFrame: (frame: LogFrame) => void
  /** The stream begins anew: what came before comes again. */
  readonly onBegin: () => void
  /** Undefined: it runs. */
  readonly onProblem: (problem: string | undefined) => void
}

const earlierLines = 500
const retryMs = 1500

export async function followLogs(options: FeedOptions, signal: AbortSignal): Promise<void> {
  const { kernel, level, onFrame, onBegin, onProblem } = options
  const query = new URLSearchParams({ level, from: String(earlierLines) })
  const path = `api/logs${kernel === '' ? '' : `/${encodeURIComponent(kernel)}`}?${query}`
  while (!signal.aborted) {
    try {
      let isFirst = true
      for await (const frame of parts<LogFrame>(path, { signal })) {
        if (isFirst) onBegin()
        isFirst = false
        onProblem(undefined)
        onFrame(frame)
      }
      onProblem('The stream has ended; trying again.')
    } catch (thrown) {
      if (signal.aborted) return
      onProblem(thrown instanceof Refused ? thrown.message : 'The connection is lost; trying again.')
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

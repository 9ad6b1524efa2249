/**
 * Tells operators: one line in the host's log, and the user's own function. What that function does is never in the
 * way: it is not awaited, and a throw, a rejection or a promise that never settles is the event `notify.failed`.
 */
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import type { Emit } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import { redactText, safeLine } from '../base/redact.ts'
import { unrefTimer } from '../base/timers.ts'

export interface Notice {
  readonly kind: 'incident.opened' | 'incident.resolved' | 'kernel.parked'
  readonly kernel: string
  readonly tier: number
  readonly incident: string
  readonly fingerprint: string
  /** One line for a person. */
  readonly text: string
  /** Evidence folder, where there is one. */
  readonly folder?: string
  /** Epoch milliseconds. */
  readonly at: number
}

export interface NotifyPorts {
  /** The user's function; limits.notifyMs is its deadline. */
  readonly notify?: ((notice: Notice) => void | Promise<void>) | undefined
  readonly log: Pick<Log, 'fatal' | 'info'>
  readonly emit: Emit
  readonly clock: Clock
}

/** Returns the function that tells. It returns at once and never throws. */
export function notifyOperators(ports: NotifyPorts): (notice: Notice) => void {
  return (given) => {
    const { text: clear, ...facts } = given
    const text = redactText(clear)
    const notice = { ...facts, text }
    const level = notice.kind === 'incident.resolved' ? 'info' : 'fatal'
    guard(ports, notice, () => ports.log[level](facts, safeLine(text)))
    const { notify } = ports
    if (notify !== undefined) guard(ports, notice, () => notify(notice))
  }
}

function guard(ports: NotifyPorts, notice: Notice, run: () => unknown): void {
  let settled = false
  let timer: unknown
  const fail = (error: unknown) => {
    if (settled) return
    settled = true
    ports.clock.clearTimeout(timer)
    ports.emit('notify.failed', notice.kernel, { incident: notice.incident, error: toRecord(error) })
  }
  try {
    const result = run()
    if (typeof result !== 'object' || result === null || !('then' in result)) return
    timer = ports.clock.setTimeout(
      () => fail(new Error(`notify did not settle in ${limits.notifyMs} ms`)),
      limits.notifyMs,
    )
    unrefTimer(timer)
    Promise.resolve(result).then(() => {
      settled = true
      ports.clock.clearTimeout(timer)
    }, fail)
  } catch (thrown) {
    fail(thrown)
  }
}

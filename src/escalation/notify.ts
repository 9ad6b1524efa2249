/**
 * Tells operators: one line in the host's log, an alert to their receiver, and the user's own function. What these do is
 * never in the way: nothing is awaited, and a throw, a rejection or a promise that never settles is the event
 * `notify.failed`. How an alert travels is in alert-sender.ts.
 */
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import type { Emit } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import { redactText, safeLine } from '../base/redact.ts'
import { unrefTimer } from '../base/timers.ts'
import type { AlertSender } from './alert-sender.ts'

export interface Notice {
  readonly kind: 'incident.opened' | 'incident.resolved' | 'kernel.parked' | 'playbook.told'
  readonly kernel: string
  readonly tier: number
  readonly incident: string
  readonly fingerprint: string
  /** One line for a person. */
  readonly text: string
  /** Evidence folder, where there is one. */
  readonly folder?: string
  /** Epoch milliseconds: when what the notice tells of happened. */
  readonly at: number
  /** When the incident was opened; the same in every notice about it, also after a restart of the process. */
  readonly openedAt: number
  /** When its kernel was parked for the first time since; absent where it never was. */
  readonly parkedAt?: number
}

export interface NotifyPorts {
  /** The user's function; limits.notifyMs is its deadline. */
  readonly notify?: ((notice: Notice) => void | Promise<void>) | undefined
  readonly alerts?: Pick<AlertSender, 'start' | 'tell' | 'stop'> | undefined
  readonly log: Pick<Log, 'fatal' | 'info'>
  readonly emit: Emit
  readonly clock: Clock
}

export class Operators {
  readonly #ports: NotifyPorts
  /** One for each call of the user's function that has not settled. */
  readonly #unsettled = new Set<(error: unknown) => void>()

  constructor(ports: NotifyPorts) {
    this.#ports = ports
  }

  /** Tells the receiver of alerts what an earlier process left open. */
  start(): void {
    this.#ports.alerts?.start()
  }

  /** Returns at once and never throws. */
  tell(given: Notice): void {
    const { log, alerts, notify } = this.#ports
    const { text: clear, ...facts } = given
    const text = redactText(clear)
    const notice = { ...facts, text }
    const level = notice.kind === 'incident.resolved' ? 'info' : 'fatal'
    this.#guard(notice, () => log[level](facts, safeLine(text)))
    if (alerts !== undefined) this.#guard(notice, () => alerts.tell(notice))
    if (notify !== undefined) this.#guard(notice, () => notify(notice))
  }

  /** Resolves when no timer and no socket is left: limits.alertStopMs is the longest that pending alerts are given. */
  async stop(): Promise<void> {
    for (const fail of [...this.#unsettled]) fail(new Error('notify had not settled when the runtime stopped'))
    await this.#ports.alerts?.stop()
  }

  #guard(notice: Notice, run: () => unknown): void {
    const { clock, emit } = this.#ports
    let timer: unknown
    const settle = () => {
      clock.clearTimeout(timer)
      return this.#unsettled.delete(fail)
    }
    const fail = (error: unknown) => {
      if (settle()) emit('notify.failed', notice.kernel, { incident: notice.incident, error: toRecord(error) })
    }
    this.#unsettled.add(fail)
    try {
      const result = run()
      if (typeof result !== 'object' || result === null || !('then' in result)) {
        settle()
        return
      }
      timer = clock.setTimeout(() => fail(new Error(`notify did not settle in ${limits.notifyMs} ms`)), limits.notifyMs)
      unrefTimer(timer)
      Promise.resolve(result).then(settle, fail)
    } catch (thrown) {
      fail(thrown)
    }
  }
}

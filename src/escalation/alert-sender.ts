/**
 * Carries alerts to their receiver, one after the other, in the order in which they were told. It is never in the way:
 * telling only puts an alert into a bounded queue. A receiver that fails is tried again after growing pauses; one that
 * keeps failing is left alone behind a circuit breaker, tried once in a while, and served from the queue when it is
 * back. What alerts say is in alert.ts.
 *
 * Cockatiel's retry policy sleeps on a timer that nobody can end, which would outlive the runtime. So its backoff, its
 * breaker and its timeout are used, and the pauses between attempts are made here, on the runtime's clock.
 */
import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  halfJitterGenerator,
  handleWhen,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { Emit } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'
import { type Alert, alertsOf, bodyOf } from './alert.ts'
import type { AlertTarget } from './alert-options.ts'
import type { Notice } from './notify.ts'
import { postJson } from './post-json.ts'

export interface AlertPorts {
  readonly target: AlertTarget
  readonly emit: Emit
  readonly clock: Clock
  /** What is open now, as it was told when it began. */
  readonly open: () => readonly Notice[]
  /** Ends that an earlier process did not come to tell of, though what they end was told. */
  readonly missed: () => readonly Notice[]
  /** For tests; by default the limits of the same names. */
  readonly bounds?: Partial<AlertBounds>
}

export interface AlertBounds {
  readonly alertQueue: number
  readonly alertAttemptMs: number
  readonly alertBackoffMs: number
  readonly alertBackoffMaxMs: number
  readonly alertBreakAfter: number
  readonly alertBreakMs: number
  readonly alertStopMs: number
  readonly alertRepeatMs: number
}

interface Queued {
  readonly alert: Alert
  /** Told before; no event is made of it. */
  readonly isRepeat: boolean
}

/** The receiver understood, and does not want it: to send it again would change nothing. */
class RefusedError extends Error {}

export class AlertSender {
  readonly #ports: AlertPorts
  readonly #bounds: AlertBounds
  readonly #breaker: CircuitBreakerPolicy
  readonly #deliver: (alert: Alert) => Promise<void>
  readonly #waiting: Queued[] = []
  readonly #abort = new AbortController()
  #sending: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  /** Ends the present pause between two attempts. */
  #wake: (() => void) | undefined
  #repeatTimer: unknown

  constructor(ports: AlertPorts) {
    this.#ports = ports
    this.#bounds = { ...limits, ...ports.bounds }
    const isTransient = (error: unknown) => !(error instanceof RefusedError)
    this.#breaker = circuitBreaker(handleWhen(isTransient), {
      breaker: new ConsecutiveBreaker(this.#bounds.alertBreakAfter),
      // How long it stays open is kept by #send on the monotonic clock; the breaker would go by the wall clock, which
      // a person may set back.
      halfOpenAfter: Number.NEGATIVE_INFINITY,
    })
    const policy = wrap(this.#breaker, timeout(this.#bounds.alertAttemptMs, TimeoutStrategy.Cooperative))
    this.#deliver = (alert) => policy.execute(({ signal }) => this.#post(alert, signal), this.#abort.signal)
  }

  /** Fires again what an earlier process left open, and resolves what it left firing. */
  start(): void {
    const { open, missed } = this.#ports
    for (const notice of [...missed(), ...open()]) this.tell(notice)
    if (this.#ports.target.format === 'api') this.#repeatLater()
  }

  /** Alertmanager keeps alerts in memory only, and expects its clients to say again what still fires. */
  #repeatLater(): void {
    const { clock, open } = this.#ports
    this.#repeatTimer = clock.setTimeout(() => {
      if (this.#sending === undefined) for (const notice of open()) this.#enqueue(notice, true)
      this.#repeatLater()
    }, this.#bounds.alertRepeatMs)
    unrefTimer(this.#repeatTimer)
  }

  /** Returns at once. */
  tell(notice: Notice): void {
    this.#enqueue(notice, false)
  }

  #enqueue(notice: Notice, isRepeat: boolean): void {
    for (const alert of alertsOf(notice)) {
      const queued = { alert, isRepeat }
      if (this.#stopping !== undefined) {
        this.#failed(queued, 'the runtime has stopped', true)
        continue
      }
      this.#waiting.push(queued)
      const dropped = this.#waiting.length > this.#bounds.alertQueue ? this.#waiting.shift() : undefined
      if (dropped !== undefined) this.#failed(dropped, `more than ${this.#bounds.alertQueue} alerts wait`, true)
      this.#sending ??= this.#sendAll()
    }
  }

  async #sendAll(): Promise<void> {
    // Whoever tells goes on first.
    await new Promise((resolve) => setImmediate(resolve))
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#send(next)
    this.#sending = undefined
  }

  /** Resolves when it is delivered or given up. */
  async #send(queued: Queued): Promise<void> {
    const startedMs = this.#ports.clock.monotonicMs()
    let backoff = this.#newBackoff()
    let lastReason = 'the receiver has not answered for a while'
    for (let attempts = 1; ; attempts++) {
      if (this.#stopping !== undefined && (this.#abort.signal.aborted || this.#isBroken)) {
        this.#failed(queued, `${lastReason}, and the runtime has stopped`, true)
        return
      }
      const wasBroken = this.#isBroken
      try {
        await this.#deliver(queued.alert)
        this.#sent(queued, attempts, startedMs)
        return
      } catch (thrown) {
        lastReason = toRecord(thrown).message
        if (thrown instanceof RefusedError) {
          this.#failed(queued, lastReason, true)
          return
        }
        // It is down: what else is pending is not tried on it.
        if (this.#stopping !== undefined) this.#abort.abort()
      }
      if (this.#isBroken && !wasBroken) this.#failed(queued, lastReason, false)
      await this.#pause(this.#isBroken ? this.#bounds.alertBreakMs : backoff.duration)
      backoff = backoff.next(undefined)
    }
  }

  get #isBroken(): boolean {
    return this.#breaker.state === CircuitState.Open
  }

  #newBackoff() {
    const { alertBackoffMs: initialDelay, alertBackoffMaxMs: maxDelay } = this.#bounds
    return new ExponentialBackoff({ generator: halfJitterGenerator, initialDelay, maxDelay }).next()
  }

  async #post(alert: Alert, signal: AbortSignal): Promise<void> {
    const { target, clock } = this.#ports
    const { alertAttemptMs } = this.#bounds
    const status = await postJson(target, bodyOf(alert, target.format, clock.now()), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
      throw new Error(this.#abort.signal.aborted ? 'no answer yet' : `no answer within ${alertAttemptMs} ms`)
    })
    if (status >= 200 && status < 300) return
    // As Alertmanager itself does: a receiver that is busy or broken is tried again.
    if (status >= 500 || status === 408 || status === 429) throw new Error(`it answered ${status}`)
    const why = status >= 300 && status < 400 ? ' (redirects are not followed)' : ''
    throw new RefusedError(`it answered ${status}${why}`)
  }

  /** Nothing is waited for once the runtime stops. */
  #pause(ms: number): Promise<void> {
    if (this.#stopping !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const { clock } = this.#ports
      const timer = clock.setTimeout(resolve, ms)
      unrefTimer(timer)
      this.#wake = () => {
        clock.clearTimeout(timer)
        resolve()
      }
    })
  }

  #sent({ alert, isRepeat }: Queued, attempts: number, startedMs: number): void {
    if (isRepeat) return
    const tookMs = Math.round(this.#ports.clock.monotonicMs() - startedMs)
    this.#ports.emit('notify.sent', alert.labels.kernel, {
      ...factsOf(alert),
      startsAt: alert.startsAt,
      attempts,
      tookMs,
    })
  }

  #failed({ alert, isRepeat }: Queued, reason: string, isDropped: boolean): void {
    // It will be said again.
    if (isRepeat && isDropped) return
    const { labels, status } = alert
    // The origin only: a path or a query may be secret.
    const to = this.#ports.target.url.origin
    const fate = isDropped ? 'is lost' : 'waits'
    const text = `The alert ${labels.alertname} (${status}) of ${labels.kernel} ${fate}: ${to}: ${reason}.`
    const error = new LazaretError('ALERT_UNDELIVERED', text, { kernel: labels.kernel })
    this.#ports.emit('notify.failed', labels.kernel, {
      ...{ ...factsOf(alert), dropped: isDropped, waiting: this.#waiting.length, error: toRecord(error) },
    })
  }

  /** Gives what is pending one more attempt, limits.alertStopMs in all. Leaves no timer and no socket. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { clock } = this.#ports
    clock.clearTimeout(this.#repeatTimer)
    this.#wake?.()
    const timer = clock.setTimeout(() => this.#abort.abort(), this.#bounds.alertStopMs)
    await this.#sending
    clock.clearTimeout(timer)
  }
}

function factsOf({ labels, status, fingerprint }: Alert): Record<string, unknown> {
  return { incident: labels.incident, alert: labels.alertname, status, fingerprint }
}

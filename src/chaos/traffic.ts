/**
 * Steady work for the fleet while defects are let loose, and the callers' own books on it: what was asked and answered,
 * what was told and accepted, what came back over HTTP. It tolerates every failure; it hides none.
 */
import { setTimeout } from 'node:timers/promises'
import { monotonicMs } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { type Call, calls, type Remote } from './calls.ts'
import type { Target } from './faults.ts'
import type { Hooks } from './hooks.ts'
import type { Accepted } from './ledger.ts'

/** A call leaves every so many milliseconds; on a full machine several at once make up for those that were late. */
export const trafficEveryMs = 12
const mostAtOnce = 10
const askMs = 4000
const comeAgainMs = 20

export interface AskBooks {
  readonly sent: number
  readonly replied: number
  readonly failed: number
  readonly unsettled: number
}

export class Traffic {
  readonly #fleet: Target
  readonly #calls: readonly Call[]
  readonly #pending = new Set<Promise<void>>()
  readonly #accepted = new Map<string, Accepted>()
  readonly #failedBy: Record<string, number> = {}
  readonly #hooks: Hooks
  #sent = 0
  #replied = 0
  #failed = 0
  #round = 0
  #beganAtMs = 0
  #timer: NodeJS.Timeout | undefined

  /** @param kernels those that there are. */
  constructor(fleet: Target, kernels: readonly string[], hooks: Hooks) {
    this.#fleet = fleet
    this.#calls = calls.filter(({ kernel }) => kernels.includes(kernel))
    this.#hooks = hooks
  }

  /** Time in which each call comes once. Milliseconds. */
  get roundMs(): number {
    return this.#calls.length * trafficEveryMs
  }

  start(): void {
    this.#beganAtMs = monotonicMs()
    this.#timer = setInterval(() => this.#sendDue(), trafficEveryMs)
  }

  /** Sends nothing more, and waits until every ask has settled; each does by its deadline. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#pending)
  }

  get asks(): AskBooks {
    return { sent: this.#sent, replied: this.#replied, failed: this.#failed, unsettled: this.#pending.size }
  }

  /** By code: how many asks failed. */
  get failures(): Readonly<Record<string, number>> {
    return this.#failedBy
  }

  /** Tells that the runtime took, by token. */
  get accepted(): ReadonlyMap<string, Accepted> {
    return this.#accepted
  }

  /** Deliveries of webhooks that the callers received. */
  get received(): number {
    return this.#hooks.received
  }

  /** A token for a tell that is accounted for with the others. */
  token(kernel: string, idempotent = false): string {
    const token = `stress-${this.#round}-${Date.now()}`
    this.#round += 1
    this.#accepted.set(token, { kernel, idempotent })
    return token
  }

  /**
   * Whether a kernel serves its callers now: undefined, or why not. A refusal of the kernel's own is an answer too.
   * @param deadlineMs milliseconds.
   */
  async probe(kernel: string, deadlineMs = 10_000): Promise<string | undefined> {
    const call = this.#calls.find((each) => each.kernel === kernel && each.kind === 'ask')
    if (call === undefined) return 'nobody calls it'
    const remote = this.#fleet.ref(kernel, { deadlineMs }).ask as unknown as Remote
    const giveUpAtMs = monotonicMs() + deadlineMs
    for (;;) {
      try {
        await call.run(remote, 'probe', this.#hooks)
        return undefined
      } catch (thrown) {
        const { code, message } = toRecord(thrown)
        // A caller that was told to send more slowly comes again.
        if (code !== 'MAILBOX_FULL' || monotonicMs() > giveUpAtMs) return message
        await setTimeout(comeAgainMs)
      }
    }
  }

  #sendDue(): void {
    const due = Math.floor((monotonicMs() - this.#beganAtMs) / trafficEveryMs)
    for (let count = 0; count < mostAtOnce && this.#due < due; count += 1) this.#send()
    // What a host that stood still did not send is not made up for later.
    this.#due = due
  }

  #due = 0

  #send(): void {
    const call = this.#calls[this.#due % this.#calls.length] as Call
    this.#due += 1
    const { kernel, kind, idempotent = false } = call
    const ref = this.#fleet.ref(kernel, { deadlineMs: askMs, idempotent })
    if (kind === 'tell') {
      call.run(ref.tell as unknown as Remote, this.token(kernel, idempotent), this.#hooks)
      return
    }
    this.#sent += 1
    const settled = Promise.resolve(call.run(ref.ask as unknown as Remote, `ask-${this.#sent}`, this.#hooks)).then(
      () => {
        this.#replied += 1
      },
      (error: { code?: string }) => {
        this.#failed += 1
        const code = error.code ?? 'UNKNOWN'
        this.#failedBy[code] = (this.#failedBy[code] ?? 0) + 1
      },
    )
    const pending = settled.finally(() => this.#pending.delete(pending))
    this.#pending.add(pending)
  }
}

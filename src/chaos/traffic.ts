/**
 * Steady work for the fleet while defects are let loose, and the callers' own books on it: what was asked and answered,
 * what was told and accepted. It tolerates every failure; it hides none.
 */
import type { Runtime } from '../runtime.ts'

type Remote = Record<string, ((...args: unknown[]) => unknown) | undefined>

interface Call {
  readonly kernel: string
  readonly kind: 'ask' | 'tell'
  run(remote: Remote, token: string): unknown
}

/** One round of work. Each tell carries a token, so that its fate can be told. */
const calls: readonly Call[] = [
  {
    kernel: 'memory_fusion',
    kind: 'tell',
    run: (to, token) => to.remember?.(token, `A note on ${token}.`, ['stress']),
  },
  { kernel: 'immutable_log', kind: 'tell', run: (to, token) => to.append?.({ token }) },
  { kernel: 'message_bus', kind: 'tell', run: (to, token) => to.publish?.('stress.news', { token }, 'scheduler') },
  { kernel: 'memory_fusion', kind: 'ask', run: (to) => to.recall?.('note', 3) },
  { kernel: 'coding_agent', kind: 'tell', run: (to, token) => to.add?.(taskOf(token)) },
  { kernel: 'immutable_log', kind: 'ask', run: (to) => to.head?.() },
  { kernel: 'coding_agent', kind: 'ask', run: (to) => to.stats?.() },
  { kernel: 'scheduler', kind: 'ask', run: (to) => to.jobs?.() },
  { kernel: 'message_bus', kind: 'ask', run: (to) => to.stats?.() },
  { kernel: 'greeter', kind: 'ask', run: (to) => to.greet?.() },
]

function taskOf(token: string) {
  return { task: token, type: 'stress', kernel: 'nobody', error: 'none', priority: 1 }
}

export const trafficEveryMs = 15
const askMs = 4000

export class Traffic {
  readonly #runtime: Runtime
  readonly #pending = new Set<Promise<void>>()
  readonly #accepted = new Map<string, string>()
  readonly #failedBy: Record<string, number> = {}
  #sent = 0
  #replied = 0
  #failed = 0
  #round = 0
  #timer: NodeJS.Timeout | undefined

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  start(): void {
    this.#timer = setInterval(() => this.#send(), trafficEveryMs)
  }

  /** Sends nothing more, and waits until every ask has settled; each does by its deadline. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#pending)
  }

  get asks() {
    return { sent: this.#sent, replied: this.#replied, failed: this.#failed, unsettled: this.#pending.size }
  }

  /** By code: how many asks failed. */
  get failures(): Readonly<Record<string, number>> {
    return this.#failedBy
  }

  /** Tokens of the tells that the runtime took, each with its kernel. */
  get accepted(): ReadonlyMap<string, string> {
    return this.#accepted
  }

  #send(): void {
    const call = calls[this.#round % calls.length] as Call
    const token = `stress-${this.#round}-${Date.now()}`
    this.#round += 1
    const ref = this.#runtime.ref(call.kernel).with({ deadlineMs: askMs })
    if (call.kind === 'tell') {
      call.run(ref.tell as unknown as Remote, token)
      this.#accepted.set(token, call.kernel)
      return
    }
    this.#sent += 1
    const settled = Promise.resolve(call.run(ref.ask as unknown as Remote, token)).then(
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

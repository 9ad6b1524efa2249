/**
 * How much each caller may do in a window of time. What is refused costs nothing: a caller that asks too often waits
 * until its window ends, and no longer. Names are taken as they come; who a caller is, others find out.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { type LimitsConfig, type LimitsStats, needCost, needWho, readConfig, refusal, type Taken } from './limits.ts'

export interface SavedWindow {
  who: string
  used: number
  /** Epoch milliseconds. */
  endsAt: number
}

class Limiter {
  readonly #config: Required<LimitsConfig>
  readonly #now: () => number
  readonly #points: RateLimiterMemory
  /** When each caller's window ends. All last equally long, so the order of their beginning is that of their ends. */
  readonly #ends = new Map<string, number>()

  constructor(config: Required<LimitsConfig>, now: () => number) {
    this.#config = config
    this.#now = now
    this.#points = new RateLimiterMemory({ points: config.points, duration: config.windowMs / 1000 })
  }

  restore(restored: unknown): void {
    if (restored === undefined) return
    const isSound = ({ who, used, endsAt }: SavedWindow) =>
      typeof who === 'string' && Number.isSafeInteger(used) && used > 0 && Number.isFinite(endsAt)
    const sound = Array.isArray(restored) && restored.every((each) => typeof each === 'object' && each && isSound(each))
    if (!sound) throw refusal('STATE_INVALID', 'The restored state is no list of windows with who, used and endsAt.')
    // A window cannot end later than one that begins now; a clock that was set back must not keep a caller out for long.
    const latest = this.#now() + this.#config.windowMs
    const windows = (restored as SavedWindow[]).map((each) => ({ ...each, endsAt: Math.min(each.endsAt, latest) }))
    windows.sort((a, b) => a.endsAt - b.endsAt)
    for (const { who, endsAt } of windows) this.#ends.set(who, endsAt)
    const storage = windows.map(({ who, used, endsAt }) => ({ key: who, value: used, expiresAt: endsAt }))
    this.#points.restore({ version: 1, storage })
  }

  get callers(): number {
    this.#forgetEnded()
    return this.#ends.size
  }

  async take(who: string, cost: number): Promise<Taken> {
    this.#forgetEnded()
    const { points, maxCallers, windowMs } = this.#config
    const before = this.#ends.has(who) ? await this.#points.get(who) : null
    if (before === null && this.#ends.size >= maxCallers) {
      const [firstEnd = this.#now() + windowMs] = this.#ends.values()
      return { allowed: false, remaining: 0, retryInMs: firstEnd - this.#now() }
    }
    const remaining = points - (before?.consumedPoints ?? 0)
    if (before !== null && cost > remaining) {
      return { allowed: false, remaining: Math.max(0, remaining), retryInMs: Math.max(1, before.msBeforeNext) }
    }
    const after = await this.#points.consume(who, cost)
    if (before === null) this.#ends.set(who, this.#now() + after.msBeforeNext)
    return { allowed: true, remaining: after.remainingPoints, retryInMs: 0 }
  }

  async reset(who: string): Promise<boolean> {
    this.#forgetEnded()
    return this.#ends.delete(who) && (await this.#points.delete(who))
  }

  windows(): SavedWindow[] {
    return this.#points
      .dump()
      .storage.flatMap(({ key, value, expiresAt }) =>
        expiresAt === null ? [] : [{ who: String(key), used: value, endsAt: expiresAt }],
      )
  }

  /** The library has a timer for each window; without it the points would go on to be counted in the next one. */
  #forgetEnded(): void {
    for (const [who, endsAt] of this.#ends) {
      if (endsAt > this.#now()) return
      this.#ends.delete(who)
      void this.#points.delete(who)
    }
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<SavedWindow[], LimitsConfig>) {
    const config = readConfig(ctx.config)
    const limiter = new Limiter(config, ctx.now)
    limiter.restore(ctx.restored)
    const counters = { allowed: 0, refused: 0 }
    return {
      api: {
        /** Takes `cost` points (default 1) of this caller, where it has as many. */
        async take(who: string, cost = 1): Promise<Taken> {
          needWho(who)
          needCost(cost, config.points)
          const taken = await limiter.take(who, cost)
          counters[taken.allowed ? 'allowed' : 'refused'] += 1
          return taken
        },
        /** Gives a caller all its points back. False where it had all of them. */
        reset(who: string): Promise<boolean> {
          needWho(who)
          return limiter.reset(who)
        },
        /** Counted since this instance started. */
        stats: (): LimitsStats => ({ ...counters, callers: limiter.callers }),
      },
      snapshot: () => limiter.windows(),
    }
  },
})
export default kernel
export type RateLimits = KernelApi<typeof kernel>

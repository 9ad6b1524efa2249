/**
 * So many points in so much time for each caller: who has used them up waits for the window to end. A request that is
 * refused costs nothing. The table of callers has an end, too: when it is full, all who are new share one allowance, so
 * that a flood of made-up names gains nothing. It counts by names, and believes them.
 */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

export interface RateConfig {
  /** Points of a caller in a window. 1 to 1000000, default 100. */
  points?: number
  /** Milliseconds from a caller's first point on. 100 to 86400000, default 60000. */
  windowMs?: number
  /** Callers counted one by one. 1 to 1000000, default 50000. */
  maxCallers?: number
  /** Points of a caller in a window while this kernel is away: for the fallback. Default 10. */
  awayPoints?: number
}
export interface Taken {
  allowed: boolean
  /** Points left in the window. */
  remaining: number
  /** Milliseconds until the points are back; 0 where it was allowed. */
  retryInMs: number
}
interface RateState {
  callers: { key: string; value: number; expiresAt: number }[]
  counters: { allowed: number; refused: number }
}

const whoChars = 200
/** Longer than any caller's name can be, so nobody can be it. */
const others = '*'.repeat(whoChars + 1)

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

function needWhole(name: string, value: unknown, least: number, most: number, code: string): asserts value is number {
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return
  const got = JSON.stringify(value) ?? String(value)
  throw refusal(code, `${name}: accepted is a whole number from ${least} to ${most}. Got: ${got}`)
}

function needWho(who: unknown): asserts who is string {
  if (typeof who === 'string' && who !== '' && who.length <= whoChars) return
  const got = typeof who === 'string' ? `${who.length} characters` : typeof who
  throw refusal('INVALID_ARGUMENT', `who must be a text of 1 to ${whoChars} characters. Got: ${got}`)
}

function readConfig(config: RateConfig): Required<RateConfig> {
  const { points = 100, windowMs = 60_000, maxCallers = 50_000, awayPoints = 10 } = config
  needWhole('config.points', points, 1, 1_000_000, 'CONFIG_INVALID')
  needWhole('config.windowMs', windowMs, 100, 86_400_000, 'CONFIG_INVALID')
  needWhole('config.maxCallers', maxCallers, 1, 1_000_000, 'CONFIG_INVALID')
  needWhole('config.awayPoints', awayPoints, 0, 1_000_000, 'CONFIG_INVALID')
  return { points, windowMs, maxCallers, awayPoints }
}

function readState(state: RateState | undefined): RateState {
  if (state === undefined) return { callers: [], counters: { allowed: 0, refused: 0 } }
  const { callers, counters } = state
  const isCaller = (each: Partial<RateState['callers'][number]> | null) =>
    typeof each?.key === 'string' && Number.isSafeInteger(each.value) && Number.isFinite(each.expiresAt)
  const isWhole = [counters?.allowed, counters?.refused].every(Number.isSafeInteger)
  if (isWhole && Array.isArray(callers) && callers.every(isCaller)) return { callers, counters }
  throw refusal('STATE_INVALID', 'The restored state is no state of the rate limits.')
}

class Allowances {
  readonly #config: Required<RateConfig>
  readonly #limiter: RateLimiterMemory
  /** When each caller's window ends; windows are equally long, so the first of the map end first. */
  readonly #ends: Map<string, number>
  readonly #counters: RateState['counters']

  constructor(config: Required<RateConfig>, restored: RateState) {
    this.#config = config
    this.#counters = restored.counters
    this.#limiter = new RateLimiterMemory({ points: config.points, duration: config.windowMs / 1000, keyPrefix: '' })
    const storage = restored.callers.toSorted((a, b) => a.expiresAt - b.expiresAt)
    this.#limiter.restore({ version: 1, storage }) // drops what is over by now
    this.#ends = new Map(storage.map(({ key, expiresAt }) => [key, expiresAt]))
  }

  async take(who: string, cost: number): Promise<Taken> {
    const key = this.#keyOf(who)
    const used = await this.#limiter.get(key)
    // What is over may still be there until its timer comes.
    const consumed = used !== null && used.msBeforeNext > 0 ? used.consumedPoints : 0
    // The limiter would charge for what it refuses: it is asked only where there is enough.
    if (used !== null && consumed + cost > this.#config.points) return this.#refuse(used)
    try {
      const { remainingPoints, msBeforeNext, isFirstInDuration } = await this.#limiter.consume(key, cost)
      if (isFirstInDuration) {
        this.#ends.delete(key)
        this.#ends.set(key, Date.now() + msBeforeNext)
      }
      this.#counters.allowed += 1
      return { allowed: true, remaining: remainingPoints, retryInMs: 0 }
    } catch (refused) {
      // Another request was faster, where the fleet file lets several be handled at once.
      if (refused instanceof RateLimiterRes) return this.#refuse(refused)
      throw refused
    }
  }

  async reset(who: string): Promise<boolean> {
    this.#ends.delete(who)
    return await this.#limiter.delete(who)
  }

  stats(): { callers: number; allowed: number; refused: number } {
    this.#forgetOver()
    return { callers: this.#ends.size, ...this.#counters }
  }

  state(): RateState {
    const callers = this.#limiter.dump().storage.map(({ key, value, expiresAt }) => ({
      ...{ key: String(key), value, expiresAt: expiresAt ?? 0 },
    }))
    return { callers, counters: { ...this.#counters } }
  }

  /** Ends the timers of the windows. */
  async stop(): Promise<void> {
    for (const { key } of this.#limiter.dump().storage) await this.#limiter.delete(key)
  }

  #refuse({ remainingPoints, msBeforeNext }: RateLimiterRes): Taken {
    this.#counters.refused += 1
    return { allowed: false, remaining: remainingPoints, retryInMs: Math.max(1, Math.ceil(msBeforeNext)) }
  }

  #keyOf(who: string): string {
    if (this.#ends.has(who) || this.#ends.size < this.#config.maxCallers) return who
    this.#forgetOver()
    return this.#ends.size < this.#config.maxCallers ? who : others
  }

  #forgetOver(): void {
    for (const [key, end] of this.#ends) {
      if (end > Date.now()) return
      this.#ends.delete(key)
    }
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<RateState, RateConfig>) {
    const config = readConfig(ctx.config)
    const allowances = new Allowances(config, readState(ctx.restored))
    return {
      api: {
        /** Takes `cost` points (1 to config.points) for a caller, or none where there are not enough. */
        async take(who: string, cost = 1): Promise<Taken> {
          needWho(who)
          needWhole('cost', cost, 1, config.points, 'INVALID_ARGUMENT')
          return await allowances.take(who, cost)
        },
        /** Gives a caller all points back; false where none were taken. */
        async reset(who: string): Promise<boolean> {
          needWho(who)
          return await allowances.reset(who)
        },
        /** Callers with a window that has not ended; requests allowed and refused since ever. */
        stats: () => allowances.stats(),
      },
      snapshot: (): RateState => allowances.state(),
      stop: () => allowances.stop(),
    }
  },
})
export default kernel
export type RateLimits = KernelApi<typeof kernel>

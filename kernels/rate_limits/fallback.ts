/**
 * What answers for the rate limits while they are away: a small allowance of its own, `config.awayPoints` for each
 * caller and window, one window for all. It knows nothing of what was taken before, and uses no library, because what
 * is wrong in the kernel must not be wrong here.
 */
import { defineKernel, type KernelContext } from 'lazaret/kernel'

const maxCallers = 10_000

export default defineKernel({
  start(ctx: KernelContext<unknown, { windowMs?: number; awayPoints?: number }>) {
    const { windowMs = 60_000, awayPoints = 10 } = ctx.config
    const counters = { allowed: 0, refused: 0 }
    const taken = new Map<string, number>()
    let endsAt = ctx.now() + windowMs
    const turn = (): void => {
      if (ctx.now() < endsAt) return
      taken.clear()
      endsAt = ctx.now() + windowMs
    }
    return {
      api: {
        take(who: string, cost = 1): { allowed: boolean; remaining: number; retryInMs: number } {
          turn()
          const used = taken.get(who) ?? 0
          const isKnown = taken.has(who) || taken.size < maxCallers
          // What is no count is refused, too: `NaN` is in no order, and would pass a comparison the other way round.
          const allowed = isKnown && Number.isSafeInteger(cost) && cost >= 1 && used + cost <= awayPoints
          if (allowed) taken.set(who, used + cost)
          counters[allowed ? 'allowed' : 'refused'] += 1
          const remaining = isKnown ? Math.max(0, awayPoints - (taken.get(who) ?? 0)) : 0
          return { allowed, remaining, retryInMs: allowed ? 0 : Math.max(1, endsAt - ctx.now()) }
        },
        reset: (who: string): boolean => taken.delete(who),
        stats(): { callers: number; allowed: number; refused: number } {
          turn()
          return { callers: taken.size, ...counters }
        },
      },
    }
  },
})

/**
 * Stands in while the limiter is out of service: a small allowance of its own for each caller, in windows that are the
 * same for all. What was used up before is not looked at: the snapshot may be the very thing that brought the limiter
 * down, and a few points more or less do no harm. It uses no library, for the same reason.
 */
import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { type LimitsConfig, type LimitsStats, needCost, needWho, readConfig, type Taken } from './limits.ts'

export default defineKernel({
  start(ctx: KernelContext<unknown, LimitsConfig>) {
    const { points, windowMs, maxCallers, fallbackPoints } = readConfig(ctx.config)
    const used = new Map<string, number>()
    const counters = { allowed: 0, refused: 0 }
    let endsAt = ctx.now() + windowMs
    const turn = (): void => {
      if (ctx.now() < endsAt) return
      used.clear()
      endsAt = ctx.now() + windowMs
    }
    return {
      api: {
        take(who: string, cost = 1): Taken {
          needWho(who)
          needCost(cost, points) // as the limiter has it: a cost above the small allowance is refused, but no mistake
          turn()
          const before = used.get(who)
          const isKept = before !== undefined || used.size < maxCallers
          const remaining = isKept ? fallbackPoints - (before ?? 0) : 0
          const allowed = cost <= remaining
          counters[allowed ? 'allowed' : 'refused'] += 1
          if (!allowed) return { allowed, remaining, retryInMs: endsAt - ctx.now() }
          used.set(who, (before ?? 0) + cost)
          return { allowed, remaining: remaining - cost, retryInMs: 0 }
        },
        reset(who: string): boolean {
          needWho(who)
          turn()
          return used.delete(who)
        },
        stats(): LimitsStats {
          turn()
          return { ...counters, callers: used.size }
        },
      },
    }
  },
})

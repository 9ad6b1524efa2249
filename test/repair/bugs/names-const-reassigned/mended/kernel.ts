/** Webhook deliveries: when each is tried next. Times are epoch milliseconds, given by the caller. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

interface Delivery {
  id: string
  url: string
  attempts: number
  nextAt: number
}
interface HooksConfig {
  firstDelayMs?: number
  maxDelayMs?: number
  maxAttempts?: number
}
interface HooksState {
  waiting: Delivery[]
  delivered: number
  given: string[]
}

const kernel = defineKernel({
  start(ctx: KernelContext<HooksState, HooksConfig>) {
    const { firstDelayMs = 1000, maxDelayMs = 60_000, maxAttempts = 8 } = ctx.config
    const waiting = new Map((ctx.restored?.waiting ?? []).map((delivery) => [delivery.id, delivery]))
    const given = [...(ctx.restored?.given ?? [])]
    let delivered = ctx.restored?.delivered ?? 0

    function delayAfter(attempts: number): number {
      let delay = firstDelayMs
      for (let count = 1; count < attempts && delay < maxDelayMs; count += 1) delay *= 2
      return Math.min(delay, maxDelayMs)
    }
    function failed(delivery: Delivery, now: number): void {
      let attempts = delivery.attempts
      attempts += 1
      if (attempts >= maxAttempts) {
        waiting.delete(delivery.id)
        given.push(delivery.id)
        return
      }
      waiting.set(delivery.id, { ...delivery, attempts, nextAt: now + delayAfter(attempts) })
    }
    return {
      api: {
        enqueue(id: string, url: string, now: number): void {
          waiting.set(id, { id, url, attempts: 0, nextAt: now })
        },
        due: (now: number): string[] => [...waiting.values()].filter((each) => each.nextAt <= now).map(({ id }) => id),
        report(id: string, ok: boolean, now: number): boolean {
          const delivery = waiting.get(id)
          if (delivery === undefined) return false
          if (!ok) failed(delivery, now)
          else if (waiting.delete(id)) delivered += 1
          return true
        },
        stats: () => ({ waiting: waiting.size, delivered, given: given.length }),
      },
      snapshot: (): HooksState => ({ waiting: [...waiting.values()], delivered, given }),
    }
  },
})
export default kernel
export type Hooks = KernelApi<typeof kernel>

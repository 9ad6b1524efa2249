import { createHash } from 'node:crypto'
import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Upstream {
  host: string
  weight: number
}
interface BalancerConfig {
  upstreams: Upstream[]
  stickyHeader: string
}

function spread(upstreams: Upstream[]): Upstream[] {
  return upstreams.flatMap((upstream) => Array.from({ length: upstream.weight }, () => upstream))
}

function bucketOf(key: string, count: number): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % count
}

export default defineKernel({
  start(ctx: KernelContext<Record<string, number>, BalancerConfig>) {
    const slots = spread(ctx.config.upstreams)
    const loads: Record<string, number> = { ...ctx.restored }
    let next = 0

    return {
      api: {
        /** The same account goes to the same host; everybody else goes round. */
        choose(headers: Record<string, string>): string {
          const account = headers[ctx.config.stickyHeader]
          const at = account === undefined ? next++ % slots.length : bucketOf(account, slots.length)
          const { host } = slots[at] as Upstream
          loads[host] = (loads[host] ?? 0) + 1
          return host
        },
        loads: () => ({ ...loads }),
        reset() {
          for (const host of Object.keys(loads)) delete loads[host]
          next = 0
        },
      },
      snapshot: () => loads,
    }
  },
})

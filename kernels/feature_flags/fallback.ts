/**
 * What answers for the flags while they are away: what the configuration says, else off. What was set at run time does
 * not hold here, because it may be what went wrong. It shares no line with the kernel for the same reason, but decides
 * as the kernel does, so that nobody's features come and go when the kernel does.
 */
import { hash } from 'node:crypto'
import { defineKernel, type KernelContext } from 'lazaret/kernel'

interface Rule {
  percent?: number
  on?: string[]
  off?: string[]
}

function away(): never {
  const message = 'The flags are out of service, and none can be set meanwhile: try again later.'
  throw Object.assign(new Error(message), { code: 'FLAGS_AWAY' })
}

export default defineKernel({
  start(ctx: KernelContext<unknown, { flags?: Record<string, Rule> }>) {
    const flags = new Map(Object.entries(ctx.config.flags ?? {}))
    return {
      api: {
        isOn(flag: string, who: string): boolean {
          const rule = flags.get(flag)
          if (rule === undefined || rule.off?.includes(who)) return false
          const place = Number(`0x${hash('sha256', `${flag}\n${who}`).slice(0, 8)}`) / 0x1_0000_0000
          return rule.on?.includes(who) === true || place * 100 < (rule.percent ?? 0)
        },
        set: (): never => away(),
        all: () =>
          [...flags].map(([flag, { percent = 0, on = [], off = [] }]) => ({
            ...{ flag, from: 'config' as const, percent, on, off },
          })),
      },
    }
  },
})

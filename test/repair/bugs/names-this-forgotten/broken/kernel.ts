/** Mail texts that were rendered lately, the least recently used of which gives way. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { RecentlyUsed } from './recently-used.ts'

interface MailsConfig {
  /** How many texts are kept, default 100. */
  size?: number
}

const kernel = defineKernel({
  start(ctx: KernelContext<[string, string][], MailsConfig>) {
    const mails = new RecentlyUsed(ctx.config.size ?? 100, ctx.restored ?? [])
    return {
      api: {
        put: (name: string, text: string): void => mails.put(name, text),
        get: (name: string): string | null => mails.get(name) ?? null,
        stats: () => mails.stats(),
      },
      snapshot: () => mails.all(),
    }
  },
})
export default kernel
export type Mails = KernelApi<typeof kernel>

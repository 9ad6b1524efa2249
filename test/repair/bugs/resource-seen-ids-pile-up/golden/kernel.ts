import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { SeenTable } from './seen.ts'

export default defineKernel({
  start(ctx: KernelContext<string[], { keep?: number }>) {
    const { keep = 1000 } = ctx.config
    const table = new SeenTable(keep, ctx.restored)
    const sources = new Map<string, number>()

    return {
      api: {
        /** False for an id that this source has sent before. */
        accept(source: string, id: string): boolean {
          const key = `${source} ${id}`
          if (table.has(key)) return false
          if (table.size >= keep) table.dropOldest()
          table.add(key)
          sources.set(source, (sources.get(source) ?? 0) + 1)
          return true
        },
        sources: () => [...sources].map(([source, count]) => `${source} ${count}`),
      },
      snapshot: () => table.ids(),
    }
  },
})

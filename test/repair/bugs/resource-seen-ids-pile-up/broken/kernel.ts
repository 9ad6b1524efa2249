import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { SeenTable } from './seen.ts'

type SeenState = Record<string, string[]>

export default defineKernel({
  start(ctx: KernelContext<SeenState, { keep?: number }>) {
    const { keep = 1000 } = ctx.config
    const tables = new Map(Object.entries(ctx.restored ?? {}).map(([source, ids]) => [source, new SeenTable(keep, ids)]))
    let doubles = 0

    function tableOf(source: string): SeenTable {
      const known = tables.get(source)
      if (known !== undefined) return known
      const made = new SeenTable(keep)
      tables.set(source, made)
      return made
    }

    return {
      api: {
        /** False for an id that this source has sent before. */
        accept(source: string, id: string): boolean {
          const table = tableOf(source)
          if (table.has(id)) {
            doubles += 1
            return false
          }
          if (tables.size >= keep) table.dropOldest()
          table.add(id)
          return true
        },
        sources: () => [...tables].map(([source, { size }]) => `${source} ${size}`),
        doubles: () => doubles,
      },
      snapshot: (): SeenState => Object.fromEntries([...tables].map(([source, table]) => [source, table.ids()])),
    }
  },
})

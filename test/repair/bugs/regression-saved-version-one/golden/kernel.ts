import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { type Counts, total } from './counts.ts'

interface SavedCounts {
  version: 1
  counts: Counts
}

export default defineKernel({
  start(ctx: KernelContext<SavedCounts>) {
    const counts: Counts = { ...ctx.restored?.counts }

    return {
      api: {
        count(item: string, by = 1): number {
          const next = (counts[item] ?? 0) + by
          if (next < 0) throw new RangeError(`there are not ${-by} of ${item}`)
          counts[item] = next
          return next
        },
        of: (item: string): number => counts[item] ?? 0,
        total: () => total(counts),
      },
      snapshot: (): SavedCounts => ({ version: 1, counts }),
    }
  },
})

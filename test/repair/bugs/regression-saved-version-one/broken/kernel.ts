import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { type Counts, low, migrate, type Saved, total } from './counts.ts'

interface StockConfig {
  lowBelow?: number
  mainHouse?: string
}

export default defineKernel({
  start(ctx: KernelContext<Saved, StockConfig>) {
    const { lowBelow = 5, mainHouse = 'main' } = ctx.config
    const houses = new Map<string, Counts>()
    if (ctx.restored !== undefined) {
      for (const [house, counts] of migrate(ctx.restored, mainHouse)) houses.set(house, { ...counts })
    }

    function countsOf(house: string): Counts {
      const known = houses.get(house) ?? {}
      houses.set(house, known)
      return known
    }

    return {
      api: {
        count(item: string, by = 1, house = mainHouse): number {
          const counts = countsOf(house)
          const next = (counts[item] ?? 0) + by
          if (next < 0) throw new RangeError(`there are not ${-by} of ${item}`)
          counts[item] = next
          return next
        },
        of: (item: string, house = mainHouse): number => houses.get(house)?.[item] ?? 0,
        move(item: string, by: number, from: string, to: string): string {
          const there = countsOf(from)
          if ((there[item] ?? 0) < by) throw new RangeError(`there are not ${by} of ${item} in ${from}`)
          there[item] = (there[item] ?? 0) - by
          countsOf(to)[item] = (countsOf(to)[item] ?? 0) + by
          return `${by} ${item} from ${from} to ${to}`
        },
        low: (house = mainHouse) => low(countsOf(house), lowBelow),
        total: () => [...houses.values()].reduce((sum, counts) => sum + total(counts), 0),
      },
      snapshot: (): Saved => ({ version: 2, houses: [...houses] }),
    }
  },
})

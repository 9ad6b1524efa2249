import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { add, type Money, times } from './money.ts'

interface Line {
  sku: string
  cents: number
  count: number
  grams?: number
}
type Baskets = Record<string, Line[]>

export default defineKernel({
  start(ctx: KernelContext<Baskets, { currency?: string }>) {
    const { currency = 'EUR' } = ctx.config
    const baskets: Map<string, Line[]> = new Map(Object.entries(ctx.restored ?? {}))

    const linesOf = (basket: string) => {
      const lines = baskets.get(basket)
      if (lines === undefined) throw new Error(`there is no basket ${basket}`)
      return lines
    }
    const price = ({ cents, count }: Line): Money => times({ cents, currency }, count)

    return {
      api: {
        put(basket: string, line: Line): number {
          const lines = baskets.get(basket) ?? []
          const same = lines.find(({ sku, cents }) => sku === line.sku && cents === line.cents)
          if (same === undefined) lines.push({ ...line })
          else same.count += line.count
          baskets.set(basket, lines)
          return lines.length
        },
        take(basket: string, sku: string): number {
          const left = linesOf(basket).filter((line) => line.sku !== sku)
          baskets.set(basket, left)
          return left.length
        },
        total(basket: string): Money {
          return linesOf(basket).map(price).reduce(add)
        },
        weight: (basket: string): number => linesOf(basket).reduce((sum, { grams = 0, count }) => sum + grams * count, 0),
      },
      snapshot: (): Baskets => Object.fromEntries(baskets),
    }
  },
})

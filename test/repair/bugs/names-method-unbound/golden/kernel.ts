/** Discount codes of a shop. Prices are cents. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Discounts, type Rule } from './discounts.ts'

type Used = [code: string, times: number][]

const kernel = defineKernel({
  start(ctx: KernelContext<Used, { rules?: Rule[] }>) {
    const discounts = new Discounts(ctx.config.rules ?? [], ctx.restored ?? [])
    return {
      api: {
        price: (cents: number, code: string) => discounts.price(cents, code),
        best: (cents: number) => discounts.best(cents),
        used: () => discounts.used(),
      },
      snapshot: () => discounts.used(),
    }
  },
})
export default kernel
export type Shop = KernelApi<typeof kernel>

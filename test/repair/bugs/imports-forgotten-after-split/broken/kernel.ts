/** Orders of a small shop with their tax. Amounts are cents, shares percent. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { euros, taxWithin } from './money.ts'

interface Order {
  id: string
  gross: number
  tax: number
  refunded: number
}

const kernel = defineKernel({
  start(ctx: KernelContext<Order[]>) {
    const orders = new Map((ctx.restored ?? []).map((order) => [order.id, order]))

    function need(id: string): Order {
      const order = orders.get(id)
      if (order === undefined) throw new Error(`There is no order ${id}.`)
      return order
    }
    return {
      api: {
        order(id: string, gross: number, taxPercent: number): Order {
          const order = { id, gross, tax: taxWithin(gross, taxPercent), refunded: 0 }
          orders.set(id, order)
          return order
        },
        receipt(id: string): string {
          const { gross, tax } = need(id)
          return `${id}: ${euros(gross)}, of which tax ${euros(tax)}`
        },
        refund(id: string, percent: number): number {
          const order = need(id)
          if (!(percent > 0 && percent <= 100)) throw new RangeError('A refund is 1 to 100 percent.')
          const back = Math.min(order.gross - order.refunded, halfUp((order.gross * percent) / 100))
          order.refunded += back
          return back
        },
        balance: (): number => [...orders.values()].reduce((sum, each) => sum + each.gross - each.refunded, 0),
      },
      snapshot: () => [...orders.values()],
    }
  },
})
export default kernel
export type Orders = KernelApi<typeof kernel>

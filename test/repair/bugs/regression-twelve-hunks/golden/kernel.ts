import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { describe, type Line, sumOf, weightOf } from './lines.ts'
import { format } from './money.ts'

interface Order {
  id: string
  customer: string
  lines: Line[]
  status: 'open' | 'paid' | 'sent'
}
interface OrderConfig {
  freeShippingCents?: number
  shippingCents?: number
}

export default defineKernel({
  start(ctx: KernelContext<Order[], OrderConfig>) {
    const { freeShippingCents = 5000, shippingCents = 490 } = ctx.config
    const orders = new Map((ctx.restored ?? []).map((order) => [order.id, order]))

    function orderOf(id: string): Order {
      const order = orders.get(id)
      if (order === undefined) throw new Error(`there is no order ${id}`)
      return order
    }

    function totals({ lines }: Order) {
      const goods = sumOf(lines)
      const shipping = goods >= freeShippingCents ? 0 : shippingCents
      return { goods, shipping, total: goods + shipping }
    }

    return {
      api: {
        open(id: string, customer: string, lines: Line[]) {
          if (orders.has(id)) throw new Error(`order ${id} exists`)
          const order: Order = { id, customer, lines, status: 'open' }
          orders.set(id, order)
          return totals(order)
        },
        totals: (id: string) => totals(orderOf(id)),
        pay(id: string, cents: number): string {
          const order = orderOf(id)
          const { total } = totals(order)
          if (cents !== total) throw new RangeError(`${format(total)} are due, not ${format(cents)}`)
          order.status = 'paid'
          return `${id} is paid`
        },
        send(id: string) {
          const order = orderOf(id)
          if (order.status !== 'paid') throw new Error(`${id} is ${order.status}`)
          order.status = 'sent'
          return { id, grams: weightOf(order.lines) }
        },
        receipt(id: string): string[] {
          const order = orderOf(id)
          const { goods, shipping, total } = totals(order)
          return [
            `${order.customer}, order ${id}`,
            ...order.lines.map(describe),
            `goods ${format(goods)}`,
            `shipping ${format(shipping)}`,
            `total ${format(total)}`,
          ]
        },
      },
      snapshot: () => [...orders.values()],
    }
  },
})

import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { describe, type Line, sumOf, weightOf } from './lines.ts'
import { discountOf, format, type Voucher } from './money.ts'

interface Order {
  id: string
  customer: string
  lines: Line[]
  status: 'open' | 'paid' | 'sent'
  voucher?: string
}
interface OrderConfig {
  freeShippingCents?: number
  shippingCents?: number
  vouchers?: Record<string, Voucher>
}

export default defineKernel({
  start(ctx: KernelContext<Order[], OrderConfig>) {
    const { freeShippingCents = 5000, shippingCents = 490, vouchers = {} } = ctx.config
    const orders = new Map((ctx.restored ?? []).map((order) => [order.id, order]))

    function orderOf(id: string): Order {
      const order = orders.get(id)
      if (order === undefined) throw new Error(`there is no order ${id}`)
      return order
    }

    function totals(order: Order) {
      const goods = sumOf(order.lines)
      const discount = order.voucher === undefined ? 0 : discountOf(vouchers[order.voucher] as Voucher, goods)
      const shipping = goods - discount >= freeShippingCents ? 0 : shippingCents
      return { goods, discount, shipping, total: goods - discount + shipping }
    }

    return {
      api: {
        open(id: string, customer: string, lines: Line[], voucher?: string) {
          if (orders.has(id)) throw new Error(`order ${id} exists`)
          if (voucher !== undefined && vouchers[voucher] === undefined) throw new RangeError(`no voucher ${voucher}`)
          const order: Order = { id, customer, lines, status: 'open', ...(voucher === undefined ? {} : { voucher }) }
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
          return { id, grams: weightOf(order.lines), parcels: Math.max(1, Math.ceil(weightOf(order.lines) / 20_000)) }
        },
        receipt(id: string): string[] {
          const order = orderOf(id)
          const { goods, discount, shipping, total } = totals(order)
          return [
            `${order.customer}, order ${id}`,
            ...order.lines.map(describe),
            `goods ${format(goods)}`,
            ...(discount === 0 ? [] : [`discount ${format(-discount)}`]),
            `shipping ${format(shipping)}`,
            `total ${format(total)}`,
          ]
        },
      },
      snapshot: () => [...orders.values()],
    }
  },
})

/** Orders and their payments. Amounts are cents. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

interface Order {
  id: string
  mail: string
  cents: number
  paid: number
  confirmed: boolean
}
interface Mailer {
  send(to: string, text: string): Promise<void>
}

const kernel = defineKernel({
  start(ctx: KernelContext<Order[]>) {
    const orders = new Map((ctx.restored ?? []).map((order) => [order.id, order]))
    const mailer = ctx.ref<Mailer>('mailer')

    function need(id: string): Order {
      const order = orders.get(id)
      if (order === undefined) throw new Error(`There is no order ${id}.`)
      return order
    }
    async function confirm(order: Order): Promise<void> {
      await mailer.ask.send(order.mail, `We have your order ${order.id}.`)
      order.confirmed = true
    }
    return {
      api: {
        async create(id: string, mail: string, cents: number): Promise<string> {
          if (orders.has(id)) throw new Error(`Order ${id} exists.`)
          const order = { id, mail, cents, paid: 0, confirmed: false }
          orders.set(id, order)
          void confirm(order)
          return id
        },
        pay(id: string, cents: number): number {
          const order = need(id)
          order.paid += cents
          return Math.max(0, order.cents - order.paid)
        },
        status(id: string): string {
          const { cents, paid, confirmed } = need(id)
          return `${paid >= cents ? 'paid' : 'open'}, ${confirmed ? 'confirmed' : 'not confirmed'}`
        },
        open: (): string[] => [...orders.values()].filter(({ cents, paid }) => paid < cents).map(({ id }) => id),
      },
      snapshot: () => [...orders.values()],
    }
  },
})
export default kernel
export type Orders = KernelApi<typeof kernel>

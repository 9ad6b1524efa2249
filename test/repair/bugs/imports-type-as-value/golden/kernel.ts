/** Invoices that were sent and not yet paid. Amounts are cents, dates ISO dates. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import type { Invoice, Line } from './invoice.ts'
import { totalOf } from './invoice.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<Invoice[]>) {
    const invoices = new Map((ctx.restored ?? []).map((invoice) => [invoice.number, invoice]))

    function need(number: string): Invoice {
      const invoice = invoices.get(number)
      if (invoice === undefined) throw new Error(`There is no invoice ${number}.`)
      return invoice
    }
    return {
      api: {
        draw(number: string, lines: Line[], date: string): number {
          if (invoices.has(number)) throw new Error(`Invoice ${number} exists.`)
          invoices.set(number, { number, lines, date, settled: false })
          return totalOf(lines)
        },
        total: (number: string): number => totalOf(need(number).lines),
        settle(number: string): void {
          need(number).settled = true
        },
        open(): string[] {
          return [...invoices.values()].filter(({ settled }) => !settled).map(({ number }) => number)
        },
      },
      snapshot: () => [...invoices.values()],
    }
  },
})
export default kernel
export type Invoices = KernelApi<typeof kernel>

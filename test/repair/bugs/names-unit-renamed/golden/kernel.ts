/** What tenants of a house owe: charges in euros, statements of them. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Charge, statementOf } from './statement.ts'

type HouseState = [name: string, charges: Charge[]][]

const kernel = defineKernel({
  start(ctx: KernelContext<HouseState>) {
    const charges = new Map(ctx.restored)
    const of = (name: string) => statementOf(charges.get(name) ?? [])

    return {
      api: {
        charge(name: string, what: string, euros: number): void {
          if (!(euros > 0)) throw new RangeError('A charge is more than nothing.')
          charges.set(name, [...(charges.get(name) ?? []), { what, euros }])
        },
        /** For the tenant. */
        summary(name: string): string {
          const { items, total } = of(name)
          return `${items.join(', ')}: ${total.toFixed(2)} EUR`
        },
        /** For the accountant: a line of the ledger. */
        ledger(name: string): string {
          const { items, total } = of(name)
          return [name, items.length, total.toFixed(2)].join(';')
        },
        debtors: (): string[] => [...charges.keys()].filter((name) => of(name).total > 0).sort(),
      },
      snapshot: (): HouseState => [...charges],
    }
  },
})
export default kernel
export type House = KernelApi<typeof kernel>

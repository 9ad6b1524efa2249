/** What tenants of a house owe: charges in euros, statements of them. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Charge, statementOf } from './statement.ts'

type HouseState = [name: string, charges: Charge[]][]

const kernel = defineKernel({
  start(ctx: KernelContext<HouseState>) {
    const charges = new Map(ctx.restored)
    const of = (name: string) => statementOf(charges.get(name) ?? [])
    const add = (name: string, charge: Charge) => charges.set(name, [...(charges.get(name) ?? []), charge])

    return {
      api: {
        charge(name: string, what: string, euros: number): void {
          if (!(euros > 0)) throw new RangeError('A charge is more than nothing.')
          add(name, { what, euros })
        },
        credit(name: string, what: string, euros: number): void {
          if (!(euros > 0)) throw new RangeError('A credit is more than nothing.')
          add(name, { what, euros: -euros })
        },
        /** For the tenant. */
        summary(name: string): string {
          const { items, totalCents } = of(name)
          return `${items.join(', ')}: ${(totalCents / 100).toFixed(2)} EUR`
        },
        /** For the accountant: a line of the ledger. */
        ledger(name: string): string {
          const { items, totalCents } = of(name)
          return [name, items.length, (totalCents / 100).toFixed(2)].join(';')
        },
        debtors: (): string[] => [...charges.keys()].filter((name) => of(name).totalCents > 0).sort(),
      },
      snapshot: (): HouseState => [...charges],
    }
  },
})
export default kernel
export type House = KernelApi<typeof kernel>

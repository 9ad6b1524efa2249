/** Sums in other currencies, at the rates of the last accounting month. Amounts are in the smallest unit. */
import { defineKernel, type KernelApi } from 'lazaret/kernel'
import { shown } from './format.ts'
import table from './rates.json' with { type: 'json' }

const rates = new Map(Object.entries(table.perEuro))

function rateOf(currency: string): { rate: number; digits: number } {
  const found = rates.get(currency)
  if (found === undefined) throw new RangeError(`There is no rate for ${currency}.`)
  return found
}

const kernel = defineKernel({
  start() {
    return {
      api: {
        convert(amount: number, from: string, to: string): number {
          const source = rateOf(from)
          const target = rateOf(to)
          const euros = amount / 10 ** source.digits / source.rate
          return Math.round(euros * target.rate * 10 ** target.digits)
        },
        format: (amount: number, currency: string): string => shown(amount, currency, rateOf(currency).digits),
        /** What can be converted, and as of which month. */
        list: () => ({ month: table.month, currencies: [...rates.keys()].sort() }),
      },
    }
  },
})
export default kernel
export type Currencies = KernelApi<typeof kernel>

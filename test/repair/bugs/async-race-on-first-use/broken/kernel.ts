/** What a minute on the phone costs, by country. Prices are tenths of a cent. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Tariffs } from './tariffs.ts'

interface Call {
  country: string
  minutes: number
}

const kernel = defineKernel({
  start(ctx: KernelContext<number>) {
    const tariffs = new Tariffs()
    let lookups = ctx.restored ?? 0

    function rate(country: string): Promise<number | null> {
      lookups += 1
      return tariffs.of(country)
    }
    return {
      api: {
        rate,
        rates: (countries: string[]) => Promise.all(countries.map(rate)),
        async invoice(calls: Call[]): Promise<number> {
          const prices = await Promise.all(
            calls.map(async ({ country, minutes }) => ((await rate(country)) ?? 0) * minutes),
          )
          return Math.ceil(prices.reduce((sum, price) => sum + price, 0) / 10)
        },
        lookups: (): number => lookups,
      },
      snapshot: () => lookups,
    }
  },
})
export default kernel
export type Phone = KernelApi<typeof kernel>

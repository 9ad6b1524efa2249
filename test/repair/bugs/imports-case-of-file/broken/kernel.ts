/** What it costs to send a parcel. Prices are cents, weights grams. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { billableGrams, type Parcel } from './parcel.ts'
import { priceOf, zoneOf } from './Zones.ts'

interface ShippingConfig {
  /** Percent on top of the list price, default 0. */
  surchargePercent?: number
}

const kernel = defineKernel({
  start(ctx: KernelContext<number, ShippingConfig>) {
    const surcharge = ctx.config.surchargePercent ?? 0
    let quoted = ctx.restored ?? 0

    function quote(country: string, parcel: Parcel) {
      const zone = zoneOf(country)
      const grams = billableGrams(parcel)
      const cents = Math.ceil((priceOf(zone, grams) * (100 + surcharge)) / 100)
      quoted += 1
      return { zone, grams, cents }
    }
    return {
      api: {
        quote,
        cheapest(countries: string[], parcel: Parcel) {
          const quotes = countries.map((country) => ({ country, ...quote(country, parcel) }))
          return quotes.sort((a, b) => a.cents - b.cents || a.country.localeCompare(b.country))[0] ?? null
        },
        quoted: () => quoted,
      },
      snapshot: () => quoted,
    }
  },
})
export default kernel
export type Shipping = KernelApi<typeof kernel>

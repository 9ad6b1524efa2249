import assert from 'node:assert/strict'
import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { QuoteCache } from './cache.ts'

interface PriceConfig {
  rates: Record<string, number>
}

export default defineKernel({
  start(ctx: KernelContext<Record<string, number>, PriceConfig>) {
    const { rates } = ctx.config
    const cents: Record<string, number> = { ...ctx.restored }
    const cache = new QuoteCache(200)

    return {
      api: {
        price(article: string, euroCents: number) {
          cents[article.toLowerCase()] = euroCents
          cache.forget(article)
        },
        quote(article: string, currency: string) {
          const quote = cache.get(article, currency, () => {
            const rate = rates[currency]
            const price = cents[article.toLowerCase()]
            if (rate === undefined) throw new Error(`no rate of ${currency}`)
            if (price === undefined) throw new Error(`no price of ${article}`)
            return { currency, amount: Math.round(price * rate) / 100 }
          })
          assert.equal(quote.currency, currency, `a quote in ${quote.currency} for one in ${currency}`)
          return quote
        },
        cached: () => cache.size,
      },
      snapshot: () => cents,
    }
  },
})

/** Numbers of invoices, without gaps, and the turnover of the year. Amounts are euros. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { numberOf } from './number.ts'

interface Book {
  year: number
  last: number
  turnover: number
}

const kernel = defineKernel({
  start(ctx: KernelContext<Book, { prefix?: string; year?: number }>) {
    const { prefix = 'I', year = 2026 } = ctx.config
    const book = ctx.restored ?? { year, last: 0, turnover: 0 }

    return {
      api: {
        issue(customer: string, euros: number): string {
          if (!(euros > 0)) throw new RangeError(`An invoice for ${customer} is about more than nothing.`)
          book.last += 1
          book.turnover += euros
          return numberOf(prefix, book.year, book.last)
        },
        /** Null where none was issued this year. */
        last: (): string | null => (book.last === 0 ? null : numberOf(prefix, book.year, book.last)),
        turnover: (): string => `${book.turnover.toFixed(2)} EUR`,
        /** Begins to count anew. */
        closeYear(): string {
          const closed = `${book.year}: ${book.last} invoices, ${book.turnover.toFixed(2)} EUR`
          Object.assign(book, { year: book.year + 1, last: 0, turnover: 0 })
          return closed
        },
      },
      snapshot: () => book,
    }
  },
})
export default kernel
export type Numbers = KernelApi<typeof kernel>

import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { dayOf, daysLate, dueOf, fromSaved, type Loan, type SavedLoan } from './loan.ts'

export default defineKernel({
  start(ctx: KernelContext<SavedLoan[], { days?: number; centsPerDay?: number }>) {
    const { days = 14, centsPerDay = 20 } = ctx.config
    const loans = new Map<string, Loan>((ctx.restored ?? []).map((saved) => [saved.book, fromSaved(saved)]))

    function loanOf(book: string): Loan {
      const loan = loans.get(book)
      if (loan === undefined) throw new Error(`${book} is not lent`)
      return loan
    }

    return {
      api: {
        lend(book: string, reader: string, day: string): string {
          if (loans.has(book)) throw new Error(`${book} is lent`)
          const loan = { book, reader, lentMs: Date.parse(day) }
          loans.set(book, loan)
          return dayOf(dueOf(loan, days))
        },
        /** Cents that are due for lateness. */
        giveBack(book: string, day?: string): number {
          const loan = loanOf(book)
          loans.delete(book)
          return day === undefined ? 0 : centsPerDay * daysLate(loan, days, Date.parse(day))
        },
        overdue(day: string): string[] {
          const today = Date.parse(day)
          return [...loans.values()].filter((loan) => dueOf(loan, days) < today).map(({ book, reader }) => `${book} (${reader})`)
        },
        readers: () => [...new Set([...loans.values()].map(({ reader }) => reader))].sort(),
      },
      snapshot: (): SavedLoan[] => [...loans.values()],
    }
  },
})

import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { dueOf, type Loan, type SavedLoan } from './loan.ts'

export default defineKernel({
  start(ctx: KernelContext<SavedLoan[], { days?: number }>) {
    const { days = 14 } = ctx.config
    const loans = new Map<string, Loan>()
    for (const { book, reader, lent } of ctx.restored ?? []) loans.set(book, { book, reader, lent: new Date(lent) })

    function loanOf(book: string): Loan {
      const loan = loans.get(book)
      if (loan === undefined) throw new Error(`${book} is not lent`)
      return loan
    }

    return {
      api: {
        lend(book: string, reader: string, day: string): string {
          if (loans.has(book)) throw new Error(`${book} is lent`)
          const loan = { book, reader, lent: new Date(day) }
          loans.set(book, loan)
          return dueOf(loan, days).toISOString().slice(0, 10)
        },
        giveBack(book: string): boolean {
          loanOf(book)
          return loans.delete(book)
        },
        overdue(day: string): string[] {
          const today = new Date(day)
          return [...loans.values()].filter((loan) => dueOf(loan, days) < today).map(({ book, reader }) => `${book} (${reader})`)
        },
        readers: () => [...new Set([...loans.values()].map(({ reader }) => reader))].sort(),
      },
      snapshot: (): SavedLoan[] => [...loans.values()].map((loan) => ({ ...loan, lent: loan.lent.toISOString() })),
    }
  },
})

export interface Loan {
  book: string
  reader: string
  lent: Date
}
export interface SavedLoan {
  book: string
  reader: string
  lent: string
}

const dayMs = 86_400_000

export function dueOf({ lent }: Loan, days: number): Date {
  return new Date(lent.getTime() + days * dayMs)
}

export interface Loan {
  book: string
  reader: string
  lentMs: number
}
/** Of before, too: the day as text. */
export type SavedLoan = Loan | { book: string; reader: string; lent: string }

const dayMs = 86_400_000

export function fromSaved(saved: SavedLoan): Loan {
  if ('lentMs' in saved) return saved
  return { book: saved.book, reader: saved.reader, lentMs: Date.parse(saved.lent) }
}

export function dueOf({ lentMs }: Loan, days: number): number {
  return lentMs + days * dayMs
}

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

export function daysLate(loan: Loan, days: number, nowMs: number): number {
  const due = dueOf(loan, days) as unknown as Date
  return Math.max(0, Math.ceil((nowMs - due.getTime()) / dayMs))
}

export interface Line {
  text: string
  cents: number
  count: number
}

export interface Invoice {
  number: string
  lines: Line[]
  date: string
  settled: boolean
}

export function totalOf(lines: Line[]): number {
  return lines.reduce((sum, { cents, count }) => sum + cents * count, 0)
}

export function dueOn({ date }: Invoice, termDays: number): string {
  const due = new Date(`${date}T00:00:00Z`)
  due.setUTCDate(due.getUTCDate() + termDays)
  return due.toISOString().slice(0, 10)
}

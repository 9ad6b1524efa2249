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

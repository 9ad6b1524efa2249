import { format } from './money.ts'

export interface Line {
  sku: string
  cents: number
  count: number
  grams?: number
}

export function sumOf(lines: Line[]): number {
  return lines.reduce((sum, { cents, count }) => sum + cents * count, 0)
}

export function weightOf(lines: Line[]): number {
  return lines.reduce((sum, { grams = 0, count }) => sum + grams * count, 0)
}

export function describe({ sku, cents, count }: Line): string {
  return `${count} x ${sku} ${format(cents * count)}`
}

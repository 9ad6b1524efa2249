export interface Line {
  name: string
  cents: number
  count: number
}

export function sumOf(lines: Line[]): number {
  return lines.reduce((sum, { cents, count }) => sum + cents * count, 0)
}

export function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`
}

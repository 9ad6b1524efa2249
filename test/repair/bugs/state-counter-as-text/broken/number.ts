/** `R-2026-0042` */
export function numberOf(prefix: string, year: number, count: number): string {
  return [prefix, year, String(count).padStart(4, '0')].join('-')
}

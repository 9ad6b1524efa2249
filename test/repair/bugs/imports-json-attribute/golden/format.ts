/** `1,234.56 EUR` */
export function shown(amount: number, currency: string, digits: number): string {
  const number = new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${number.format(amount / 10 ** digits)} ${currency}`
}

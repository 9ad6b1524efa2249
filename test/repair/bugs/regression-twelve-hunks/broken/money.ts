export function format(cents: number): string {
  const sign = cents < 0 ? '-' : ''
  const whole = Math.floor(Math.abs(cents) / 100)
  const rest = String(Math.abs(cents) % 100).padStart(2, '0')
  return `${sign}${whole}.${rest} EUR`
}

export interface Voucher {
  percent?: number
  cents?: number
}

/** Never more than the goods cost. */
export function discountOf({ percent = 0, cents = 0 }: Voucher, goods: number): number {
  return Math.min(goods, Math.round((goods * percent) / 100) + cents)
}

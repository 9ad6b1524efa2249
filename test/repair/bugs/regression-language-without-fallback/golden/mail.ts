import type { Format } from './formats.ts'
import type { Payment } from './kernel.ts'

export function mail(payer: string, payments: Payment[], format: Format): string {
  const own = payments.filter((payment) => payment.payer === payer)
  const rows = own.map(({ cents, day }) => `${day}  ${format(cents)}`)
  return [`${payer}: ${own.length} payments`, ...rows].join('\n')
}

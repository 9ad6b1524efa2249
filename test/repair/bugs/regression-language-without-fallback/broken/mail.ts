import type { Format } from './formats.ts'
import type { Payment } from './kernel.ts'

export interface MailOptions {
  notes?: boolean
  total?: boolean
}

export function mail(payer: string, payments: Payment[], format: Format, { notes = false, total = false }: MailOptions): string {
  const own = payments.filter((payment) => payment.payer === payer)
  const rows = own.map(({ cents, day, note }) => `${day}  ${format(cents)}${notes && note !== undefined ? `  ${note}` : ''}`)
  const sum = own.reduce((all, { cents }) => all + cents, 0)
  return [`${payer}: ${own.length} payments`, ...rows, ...(total ? [`total  ${format(sum)}`] : [])].join('\n')
}

import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { type Format, formats } from './formats.ts'
import { mail, type MailOptions } from './mail.ts'

export interface Payment {
  payer: string
  cents: number
  day: string
  note?: string
}

export default defineKernel({
  start(ctx: KernelContext<Payment[], { locale?: string }>) {
    const { locale = 'en' } = ctx.config
    const payments: Payment[] = ctx.restored ?? []

    function formatOf(name: string): Format {
      return formats[name] ?? (formats.en as Format)
    }

    return {
      api: {
        pay(payer: string, cents: number, day: string, note?: string): number {
          if (!Number.isInteger(cents) || cents <= 0) throw new RangeError(`${cents} is no amount`)
          payments.push({ payer, cents, day, ...(note === undefined ? {} : { note }) })
          return payments.length
        },
        mail: (payer: string, language = locale, options: MailOptions = {}): string =>
          mail(payer, payments, formatOf(language), options),
        sum: (payer: string): number => payments.filter((each) => each.payer === payer).reduce((sum, { cents }) => sum + cents, 0),
        languages: () => Object.keys(formats).sort(),
      },
      snapshot: () => payments,
    }
  },
})

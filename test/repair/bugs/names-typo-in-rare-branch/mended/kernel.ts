/** Letters to customers who pay late. Amounts are cents. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { euros, feeFor, levelOf } from './level.ts'

interface Late {
  customer: { name: string; city: string }
  cents: number
  daysLate: number
}
type Counts = [none: number, first: number, second: number, last: number]

const kernel = defineKernel({
  start(ctx: KernelContext<Counts>) {
    const counts: Counts = ctx.restored ?? [0, 0, 0, 0]

    return {
      api: {
        /** Null where there is nothing to write. */
        letter({ customer, cents, daysLate }: Late): string | null {
          const level = levelOf(daysLate)
          counts[level] += 1
          const owed = euros(cents + feeFor(level))
          switch (level) {
            case 0:
              return null
            case 1:
              return `Dear ${customer.name}, did you overlook our invoice? Please pay ${owed}.`
            case 2:
              return `Dear ${customer.name}, please pay ${owed} within a week.`
            case 3:
              return `${customer.name}, ${customer.city}: unless ${owed} arrive within three days, we go to court.`
          }
        },
        counts: (): Counts => counts,
      },
      snapshot: () => counts,
    }
  },
})
export default kernel
export type Dunning = KernelApi<typeof kernel>

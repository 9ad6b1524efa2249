/** Who is on call, by day (ISO dates). */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { addDays, label } from './day.ts'

const kernel = defineKernel({
  start(ctx: KernelContext<[day: string, person: string][]>) {
    const roster = new Map(ctx.restored)

    return {
      api: {
        assign(day: string, person: string): void {
          const taken = roster.get(day)
          if (taken !== undefined && taken !== person) throw new Error(`${label(day)} is ${taken}'s.`)
          roster.set(day, person)
        },
        /** Seven lines, from this day on. */
        week(from: string): string[] {
          const lines: string[] = []
          for (let offset = 0; offset < 7; offset += 1) {
            const day = addDays(from, offset)
            const person = roster.get(day) ?? 'nobody'
            lines.push(`${label(day)} ${person}`)
          }
          return lines
        },
        days: (person: string): string[] => [...roster].filter(([, each]) => each === person).map(([day]) => label(day)),
      },
      snapshot: () => [...roster],
    }
  },
})
export default kernel
export type Roster = KernelApi<typeof kernel>

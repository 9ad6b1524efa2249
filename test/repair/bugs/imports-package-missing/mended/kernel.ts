/** Reminders of what is due: days are ISO dates. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

interface Reminder {
  text: string
  due: string
}

const dayMs = 86_400_000

const kernel = defineKernel({
  start(ctx: KernelContext<Reminder[]>) {
    const reminders = [...(ctx.restored ?? [])]
    const daysUntil = (due: string, today: string) => Math.trunc((Date.parse(due) - Date.parse(today)) / dayMs)

    return {
      api: {
        add(text: string, due: string): number {
          if (Number.isNaN(Date.parse(due))) throw new Error(`${due} is no date.`)
          return reminders.push({ text, due })
        },
        due(today: string): string[] {
          return reminders.filter(({ due }) => daysUntil(due, today) <= 0).map(({ text }) => text)
        },
        /** Moves everything that is late to the day after today. */
        postpone(today: string): number {
          const late = reminders.filter(({ due }) => daysUntil(due, today) < 0)
          const tomorrow = new Date(Date.parse(today) + dayMs).toISOString().slice(0, 10)
          for (const reminder of late) reminder.due = tomorrow
          return late.length
        },
        all: () => reminders,
      },
      snapshot: () => reminders,
    }
  },
})
export default kernel
export type Reminders = KernelApi<typeof kernel>

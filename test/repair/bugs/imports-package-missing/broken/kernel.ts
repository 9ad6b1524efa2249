/** Reminders of what is due: days are ISO dates. */
import dayjs from 'dayjs'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

interface Reminder {
  text: string
  due: string
}

const kernel = defineKernel({
  start(ctx: KernelContext<Reminder[]>) {
    const reminders = [...(ctx.restored ?? [])]
    const daysUntil = (due: string, today: string) => dayjs(due).diff(dayjs(today), 'day')

    return {
      api: {
        add(text: string, due: string): number {
          if (!dayjs(due).isValid()) throw new Error(`${due} is no date.`)
          return reminders.push({ text, due })
        },
        due(today: string): string[] {
          return reminders.filter(({ due }) => daysUntil(due, today) <= 0).map(({ text }) => text)
        },
        /** Moves everything that is late to the day after today. */
        postpone(today: string): number {
          const late = reminders.filter(({ due }) => daysUntil(due, today) < 0)
          for (const reminder of late) reminder.due = dayjs(today).add(1, 'day').format('YYYY-MM-DD')
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

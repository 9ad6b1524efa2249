/** Appointments of one practice, on days of quarter hours. A slot is the number of minutes since midnight. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { isOpen, type Opening } from './opening'
import { label, slotsBetween } from './slot'

interface BookingConfig {
  opening?: Opening
}
type BookingState = [day: string, booked: [slot: number, patient: string][]][]

const usual: Opening = { from: 8 * 60, to: 12 * 60, closed: ['2026-01-01'] }

const kernel = defineKernel({
  start(ctx: KernelContext<BookingState, BookingConfig>) {
    const opening = ctx.config.opening ?? usual
    const days = new Map((ctx.restored ?? []).map(([day, booked]) => [day, new Map(booked)]))

    function bookedOn(day: string): Map<number, string> {
      const booked = days.get(day) ?? new Map<number, string>()
      days.set(day, booked)
      return booked
    }
    return {
      api: {
        free(day: string): string[] {
          if (!isOpen(opening, day)) return []
          const booked = bookedOn(day)
          return slotsBetween(opening.from, opening.to)
            .filter((slot) => !booked.has(slot))
            .map(label)
        },
        book(day: string, patient: string): string {
          const booked = bookedOn(day)
          const slot = slotsBetween(opening.from, opening.to).find((each) => !booked.has(each))
          if (slot === undefined || !isOpen(opening, day)) throw new Error(`There is nothing free on ${day}.`)
          booked.set(slot, patient)
          return label(slot)
        },
        patients: (day: string): string[] => [...bookedOn(day).values()].sort(),
      },
      snapshot: (): BookingState => [...days].map(([day, booked]) => [day, [...booked]]),
    }
  },
})
export default kernel
export type Bookings = KernelApi<typeof kernel>

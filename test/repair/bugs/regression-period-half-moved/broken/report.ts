import type { Booking } from './booking.ts'

interface Stay {
  period: { from: number; to: number }
}

/** Percent of the first days that the room was taken. */
export function occupancy(bookings: Booking[], room: string, days: number): number {
  const taken = new Set<number>()
  for (const booking of bookings.filter((each) => each.room === room) as unknown as Stay[]) {
    for (let day = booking.period.from; day < booking.period.to; day += 1) {
      if (day < days) taken.add(day)
    }
  }
  return Math.round((taken.size * 100) / days)
}

import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { type Booking, overlaps, sortBookings } from './booking.ts'
import { occupancy } from './report.ts'

export default defineKernel({
  start(ctx: KernelContext<Booking[]>) {
    const bookings: Booking[] = ctx.restored ?? []

    return {
      api: {
        book(room: string, guest: string, from: number, to: number): Booking {
          if (to <= from) throw new RangeError('a stay ends after it begins')
          const booking = { room, guest, from, to }
          if (bookings.some((other) => overlaps(other, booking))) throw new Error(`${room} is taken`)
          bookings.push(booking)
          return booking
        },
        cancel(room: string, from: number): boolean {
          const at = bookings.findIndex((booking) => booking.room === room && booking.from === from)
          if (at >= 0) bookings.splice(at, 1)
          return at >= 0
        },
        list: () => sortBookings(bookings).map(({ room, guest, from, to }) => `${room} ${from}-${to} ${guest}`),
        occupancy: (room: string, days: number) => occupancy(bookings, room, days),
      },
      snapshot: () => bookings,
    }
  },
})

/** Days are counted from the opening of the house; `to` is the day of leaving. */
export interface Booking {
  room: string
  guest: { name: string; nights: number }
  from: number
  to: number
}

export function overlaps(a: Booking, b: Booking): boolean {
  return a.room === b.room && a.from < b.to && b.from < a.to
}

export function sortBookings(bookings: Booking[]): Booking[] {
  return bookings.toSorted((a, b) => a.room.localeCompare(b.room) || a.from - b.from)
}

export function nightsOf(bookings: Booking[], name: string): number {
  return bookings.filter(({ guest }) => guest.name === name).reduce((sum, { guest }) => sum + guest.nights, 0)
}

/** Days are counted from the opening of the house; `to` is the day of leaving. */
export interface Booking {
  room: string
  guest: string
  from: number
  to: number
}

export function overlaps(a: Booking, b: Booking): boolean {
  return a.room === b.room && a.from < b.to && b.from < a.to
}

export function sortBookings(bookings: Booking[]): Booking[] {
  return bookings.toSorted((a, b) => a.room.localeCompare(b.room) || a.from - b.from)
}

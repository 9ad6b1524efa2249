export interface Opening {
  /** Minutes since midnight. */
  from: number
  to: number
  /** ISO dates. */
  closed: string[]
}

export function isOpen({ closed }: Opening, day: string): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  return weekday !== 0 && weekday !== 6 && !closed.includes(day)
}

const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return date.toISOString().slice(0, 10)
}

/** `Mon 02.03.` */
export function label(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  const [, month, dayOfMonth] = day.split('-')
  return `${names[date.getUTCDay()]} ${dayOfMonth}.${month}.`
}

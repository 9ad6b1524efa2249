export type Level = 0 | 1 | 2 | 3

export function levelOf(daysLate: number): Level {
  if (daysLate <= 0) return 0
  if (daysLate <= 14) return 1
  return daysLate <= 30 ? 2 : 3
}

/** The first reminder is free. */
export function feeFor(level: Level): number {
  return [0, 0, 250, 500][level] ?? 0
}

export function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`
}

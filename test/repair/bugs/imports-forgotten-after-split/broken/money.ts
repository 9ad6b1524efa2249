/** Half a cent goes up, as commercial rounding has it. */
export function halfUp(cents: number): number {
  return Math.floor(cents + 0.5)
}

/** For sums that the shop owes: never more than was agreed. */
export function down(cents: number): number {
  return Math.floor(cents)
}

/** The tax that a gross amount contains. */
export function taxWithin(gross: number, percent: number): number {
  return halfUp((gross * percent) / (100 + percent))
}

export function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`
}

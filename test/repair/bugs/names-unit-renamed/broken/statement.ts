export interface Charge {
  what: string
  euros: number
}

export function statementOf(charges: Charge[]) {
  return {
    items: charges.map(({ what }) => what),
    totalCents: charges.reduce((sum, { euros }) => sum + Math.round(euros * 100), 0),
  }
}

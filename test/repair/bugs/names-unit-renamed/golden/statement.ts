export interface Charge {
  what: string
  euros: number
}

export function statementOf(charges: Charge[]) {
  return {
    items: charges.map(({ what }) => what),
    total: charges.reduce((sum, { euros }) => sum + euros, 0),
  }
}

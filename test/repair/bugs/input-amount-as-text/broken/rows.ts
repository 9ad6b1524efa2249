export interface Row {
  id: number
  account: string
  amount: string
  note?: string | null
}

export interface Entry {
  id: number
  account: string
  amount: number
  note: string
}

export function fromRow(row: Row): Entry {
  return { ...row, note: row.note ?? '' } as unknown as Entry
}

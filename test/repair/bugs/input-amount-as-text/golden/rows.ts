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
  const { id, account, amount, note } = row
  return { id, account, amount: Number(amount), note: note ?? '' }
}

export interface Point {
  at: number
  value: number
}

export class Series {
  readonly rows: Point[]

  constructor(rows: Point[]) {
    this.rows = rows
  }

  add(row: Point): void {
    const after = this.rows.findIndex(({ at }) => at > row.at)
    if (after === -1) this.rows.push(row)
    else this.rows.splice(after, 0, row)
  }

  mean(): number | undefined {
    if (this.rows.length === 0) return undefined
    return this.rows.reduce((sum, { value }) => sum + value, 0) / this.rows.length
  }

  latest(): Point | undefined {
    return this.rows.at(-1)
  }
}

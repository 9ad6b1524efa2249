export class Canvas {
  #row: string[] = []

  get cells(): number {
    return this.#row.length
  }

  clear(width: number): void {
    if (!Number.isInteger(width) || width < 1 || width > 80) throw new RangeError(`a canvas is 1 to 80 wide, not ${width}`)
    this.#row = Array.from({ length: width }, () => '.')
  }

  centre(text: string): string {
    const room = this.#row.length - text.length
    if (room < 0) throw new RangeError(`${text} does not fit into ${this.#row.length}`)
    const from = Math.floor(room / 2)
    for (const [at, letter] of [...text].entries()) this.#row[from + at] = letter
    return this.#row.join('')
  }
}

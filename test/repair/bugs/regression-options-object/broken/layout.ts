export interface Layout {
  width: number
  indent: number
}

export function wrap(text: string, layout?: Layout): string[] {
  const { width, indent } = layout as Layout
  const margin = ' '.repeat(indent)
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(margin + word)
  }
  return lines
}

export function table(rows: string[][], { width, indent }: Layout): string[] {
  return rows.map(([left = '', right = '']) => ' '.repeat(indent) + left.padEnd(width - indent - right.length, '.') + right)
}

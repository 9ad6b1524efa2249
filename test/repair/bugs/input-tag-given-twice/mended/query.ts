export interface Query {
  text?: string
  tag?: string | string[]
  limit?: string
}

export interface Parsed {
  text: string
  tags: string[]
  limit: number
}

function clean(value: string | undefined): string {
  return value === undefined ? '' : value.trim().toLowerCase()
}

function limitOf(text: string): number {
  const limit = Number(text)
  return text === '' || !Number.isInteger(limit) || limit < 1 ? 20 : Math.min(limit, 100)
}

export function parseQuery({ text, tag, limit }: Query): Parsed {
  const tags = [tag].flat().map(clean)
  return { text: clean(text), tags: tags.filter((each) => each !== ''), limit: limitOf(clean(limit)) }
}

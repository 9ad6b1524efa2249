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

function limitOf(text: string): number {
  const limit = Number(text)
  return text === '' || !Number.isInteger(limit) || limit < 1 ? 20 : Math.min(limit, 100)
}

export function parseQuery({ text, tag, limit }: Query): Parsed {
  const tags = tag === undefined ? [] : [tag].flat()
  return {
    text: (text ?? '').trim().toLowerCase(),
    tags: tags.map((each) => each.trim().toLowerCase()).filter((each) => each !== ''),
    limit: limitOf((limit ?? '').trim()),
  }
}

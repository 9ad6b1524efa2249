export interface Article {
  number: string
  text: string
  cents: number
}

export async function checksumOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Buffer.from(bytes).toString('hex').slice(0, 16)
}

export function parse(text: string): Article[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [number = '', name = '', cents = ''] = line.split(';')
    if (number === '' || !/^\d+$/.test(cents)) throw new Error(`A line is number;text;cents. Got: ${line}`)
    return { number, text: name, cents: Number(cents) }
  })
}

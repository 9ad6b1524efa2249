export interface Command {
  kind: string
  text?: string
  at?: number
  count?: number
}

type Edit = (text: string, given: string, at: number, count: number) => string

const edits: Record<string, Edit> = {
  insert: (text, given, at) => text.slice(0, at) + given + text.slice(at),
  delete: (text, _, at, count) => text.slice(0, at) + text.slice(at + count),
  'upper-case': (text, _, at, count) => text.slice(0, at) + text.slice(at, at + count).toUpperCase() + text.slice(at + count),
  replace: (text, given, at, count) => text.slice(0, at) + given + text.slice(at + count),
}

export const kinds = ['insert', 'delete', 'upper-case', 'replace']

export function apply(text: string, { kind, text: given = '', at = text.length, count = 1 }: Command): string {
  if (!kinds.includes(kind)) throw new RangeError(`there is no command ${kind}`)
  return (edits[kind] as Edit)(text, given, at, count)
}

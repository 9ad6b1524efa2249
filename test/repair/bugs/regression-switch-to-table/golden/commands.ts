export interface Command {
  kind: string
  text?: string
  at?: number
  count?: number
}

export function apply(text: string, { kind, text: given = '', at = text.length, count = 1 }: Command): string {
  switch (kind) {
    case 'insert':
      return text.slice(0, at) + given + text.slice(at)
    case 'delete':
      return text.slice(0, at) + text.slice(at + count)
    case 'upper-case':
      return text.slice(0, at) + text.slice(at, at + count).toUpperCase() + text.slice(at + count)
    default:
      throw new RangeError(`there is no command ${kind}`)
  }
}

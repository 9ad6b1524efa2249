/**
 * Values as JavaScript that makes them again: literals where a person can read them, and the bytes of v8.serialize where
 * there is no literal. Pure.
 */
import { serialize } from 'node:v8'
import { escapeUnsafe } from '../base/redact.ts'

/** Longer lines are broken up. Characters. */
const lineChars = 100

class NotPlain extends Error {}

/** The text of an expression; undefined where the value is no plain data: bytes, errors, cycles, sparse lists. */
export function literal(value: unknown, indent = 0): string | undefined {
  try {
    return write(value, indent, new Set())
  } catch (thrown) {
    if (thrown instanceof NotPlain || isTooDeep(thrown)) return undefined
    throw thrown
  }
}

function isTooDeep(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message.includes('call stack')
}

/** An expression that needs `deserialize` of node:v8. The value has come out of v8.deserialize, so it goes in again. */
export function asBytes(value: unknown): string {
  return `deserialize(Buffer.from('${serialize(value).toString('base64')}', 'base64'))`
}

/** A text in single quotes, on one line, with nothing in it that an editor would not show. */
export function quote(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replace(/\\(.)/g, (pair, escaped) => (escaped === '"' ? '"' : pair))
    .replaceAll("'", "\\'")
  return `'${escapeUnsafe(inner)}'`
}

function write(value: unknown, indent: number, seen: Set<object>): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === undefined || value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object') throw new NotPlain()
  // Two ways to one object: a literal would make two of it.
  if (seen.has(value)) throw new NotPlain()
  seen.add(value)
  if (value instanceof Date) return `new Date(${numberText(value.getTime())})`
  const inside = (item: unknown) => write(item, indent + 2, seen)
  if (value instanceof Map) {
    return list(
      'new Map([',
      [...value].map(([key, item]) => `[${inside(key)}, ${inside(item)}]`),
      '])',
      indent,
    )
  }
  if (value instanceof Set) return list('new Set([', [...value].map(inside), '])', indent)
  if (Array.isArray(value)) {
    if (Object.keys(value).length !== value.length) throw new NotPlain()
    return list('[', value.map(inside), ']', indent)
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new NotPlain()
  const entries = Object.entries(value).map(([key, item]) => `${keyText(key)}: ${inside(item)}`)
  return entries.length === 0 ? '{}' : list('{ ', entries, ' }', indent)
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  if (Number.isNaN(value)) return 'Number.NaN'
  if (value === Number.POSITIVE_INFINITY) return 'Number.POSITIVE_INFINITY'
  return value === Number.NEGATIVE_INFINITY ? 'Number.NEGATIVE_INFINITY' : String(value)
}

/** `__proto__: x` would set the prototype. */
function keyText(key: string): string {
  if (key === '__proto__') return "['__proto__']"
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)
}

/** On one line where it fits, else one item to a line. */
export function list(open: string, items: readonly string[], close: string, indent: number): string {
  const line = `${open}${items.join(', ')}${close}`
  if (indent + line.length <= lineChars && !line.includes('\n')) return line
  if (items.length === 0) return line
  const pad = ' '.repeat(indent)
  return `${open.trimEnd()}\n${items.map((item) => `${pad}  ${item},\n`).join('')}${pad}${close.trimStart()}`
}

/**
 * What people may read of a value: secrets struck out, size and depth bounded, nothing in it that moves a terminal's
 * cursor. It is for logs, reports and listings; what a machine must replay exactly is kept elsewhere. It cannot know
 * every secret: a bare hex string looks like any hash, and stays. Nothing here throws, whatever it is given.
 */
import { types } from 'node:util'
import { toRecord } from './error-record.ts'
import { limits } from './limits.ts'
import { isSecretKey, redacted, redactText } from './redact-text.ts'

export { escapeUnsafe, isSecretKey, redacted, redactText, safeLine } from './redact-text.ts'

/** What one copy may hold. */
export interface RedactBounds {
  /** Containers. */
  readonly nodes: number
  /** Of one container. */
  readonly entries: number
  /** Of all texts. */
  readonly chars: number
  /** Words that stand for an object in the copy; undefined: it is copied. */
  readonly describe?: (value: object) => string | undefined
}

interface Budget {
  nodes: number
  chars: number
  readonly entries: number
  readonly describe: ((value: object) => string | undefined) | undefined
  readonly path: object[]
}

const ordinary: RedactBounds = {
  ...{ nodes: limits.redactNodes, entries: limits.redactEntries, chars: limits.redactChars },
}

/**
 * A copy as plain data, fit for JSON and for people. Values under secret keys become '[redacted]'; errors, dates, maps,
 * sets and bytes become plain descriptions; depth, entries and text are bounded (limits.redact...). Never throws.
 */
export function redact(value: unknown, bounds: RedactBounds = ordinary): unknown {
  const { nodes, entries, chars, describe } = bounds
  return copy(value, { nodes, entries, chars, describe, path: [] })
}

function copy(value: unknown, budget: Budget): unknown {
  try {
    if (typeof value === 'string') return copyText(value, budget)
    if (typeof value !== 'object' || value === null) return copyPrimitive(value)
    const words = budget.describe?.(value)
    if (words !== undefined) return words
    budget.nodes -= 1
    if (budget.nodes < 0) return '[left out: too large]'
    if (budget.path.length >= limits.redactDepth) return '[left out: too deep]'
    if (budget.path.includes(value)) return '[circular]'
    budget.path.push(value)
    try {
      return copyObject(value, budget)
    } finally {
      budget.path.pop()
    }
  } catch {
    // A getter or a proxy trap that throws: a report about the value is all that was wanted, and it says so.
    return '[unreadable]'
  }
}

function copyPrimitive(value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return `${value.toString().slice(0, 64)}n`
  if (typeof value === 'symbol') return value.toString().slice(0, 128)
  return '[function]'
}

function copyText(text: string, budget: Budget): string {
  const room = Math.max(0, Math.min(limits.logLineChars, budget.chars))
  budget.chars -= Math.min(text.length, room)
  return text.length <= room
    ? redactText(text)
    : `${redactText(text.slice(0, room))}... [${text.length - room} more characters]`
}

function copyObject(value: object, budget: Budget): unknown {
  if (types.isNativeError(value) || value instanceof Error) return copyEntries(Object.entries(toRecord(value)), budget)
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString()
  if (types.isRegExp(value)) return String(value).slice(0, 256)
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`
  if (types.isMap(value)) return { map: copyPairs(value, value.size, budget) }
  if (types.isSet(value)) return { set: copyList(value, value.size, budget) }
  if (!Array.isArray(value))
    return copyEntries(
      Object.keys(value).map((key) => [key, value] as const),
      budget,
      true,
    )
  const [first, second] = value
  if (value.length === 2 && typeof first === 'string' && typeof second === 'string' && isSecretKey(first)) {
    return [first, redacted]
  }
  return copyList(value, value.length, budget)
}

/** @param lazy the second of each pair is the object to read the key from, so that one bad getter costs one key. */
function copyEntries(pairs: readonly (readonly [string, unknown])[], budget: Budget, lazy = false): unknown {
  const entries: [string, unknown][] = []
  for (const [key, source] of pairs.slice(0, budget.entries)) {
    const name = redactText(key.slice(0, 256))
    if (isSecretKey(key)) {
      entries.push([name, strike(lazy ? undefinedIfAbsent(source, key) : source)])
      continue
    }
    entries.push([name, lazy ? readAndCopy(source as object, key, budget) : copy(source, budget)])
  }
  if (pairs.length > budget.entries) entries.push(['...', `[${pairs.length - budget.entries} more]`])
  // fromEntries defines own properties: a key `__proto__` stays a key.
  return Object.fromEntries(entries)
}

/** Booleans and absent values tell nothing; everything else under a secret key does. */
function strike(value: unknown): unknown {
  return value === undefined || value === null || typeof value === 'boolean' ? value : redacted
}

function undefinedIfAbsent(source: unknown, key: string): unknown {
  try {
    return Reflect.get(source as object, key)
  } catch {
    // The getter throws: whatever it hides is struck out.
    return redacted
  }
}

function readAndCopy(source: object, key: string, budget: Budget): unknown {
  let value: unknown
  try {
    value = Reflect.get(source, key)
  } catch {
    // Said in place of the value.
    return '[unreadable]'
  }
  return copy(value, budget)
}

function copyPairs(map: ReadonlyMap<unknown, unknown>, size: number, budget: Budget): unknown[] {
  const pairs: unknown[] = []
  for (const [key, value] of map) {
    if (pairs.length >= budget.entries) {
      pairs.push(`[${size - budget.entries} more]`)
      break
    }
    pairs.push([copy(key, budget), typeof key === 'string' && isSecretKey(key) ? strike(value) : copy(value, budget)])
  }
  return pairs
}

function copyList(values: Iterable<unknown>, size: number, budget: Budget): unknown[] {
  const list: unknown[] = []
  for (const value of values) {
    if (list.length >= budget.entries) {
      list.push(`[${size - budget.entries} more]`)
      break
    }
    list.push(copy(value, budget))
  }
  return list
}

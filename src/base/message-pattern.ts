/**
 * Which messages a pattern means: a method, and what must hold of its arguments. It is there for messages that crash a
 * kernel by their shape ("query is null") rather than by their exact bytes. Pure: it reads own data properties only, so
 * that no getter of a hostile argument runs. Where patterns are in force is for the route and the journal.
 */

import { types } from 'node:util'
import { isSecretKey, redacted, redactText, safeLine } from './redact.ts'

/** Kinds of values, as a person would call them. */
export const valueKinds = [
  ...(['undefined', 'null', 'boolean', 'number', 'nan', 'infinite', 'bigint', 'string', 'array', 'object'] as const),
  /** An empty text, list or object, and a map or set with nothing in it. */
  ...(['empty'] as const),
] as const
export type ValueKind = (typeof valueKinds)[number]

export type PlainScalar = string | number | boolean | null

/**
 * What must hold at one place. `path` is dotted: the argument's index first, then keys: `0.query`, `1.rows.0`.
 * A path that leads nowhere is undefined.
 */
export type PatternTerm =
  | { readonly path: string; readonly is: ValueKind }
  | { readonly path: string; readonly equals: PlainScalar }

export interface MessagePattern {
  readonly method: string
  /** All of them must hold; at least one, so that no pattern takes a whole method away. */
  readonly where: readonly PatternTerm[]
}

/** An index, then keys. A key may have any character but a dot. */
export const patternPath = /^(?:0|[1-9]\d?)(?:\.[^.]+)*$/

export function matchesPattern(pattern: MessagePattern, method: string, args: readonly unknown[]): boolean {
  return pattern.method === method && pattern.where.length > 0 && pattern.where.every((term) => holds(term, args))
}

/** The same for two patterns that mean the same messages; text, for a key in the journal. */
export function patternKey({ method, where }: MessagePattern): string {
  return JSON.stringify([method, ...canonicalTerms(where).map(termKey)])
}

/** The same terms in the same order for all patterns that mean the same messages, each term once. */
export function canonicalTerms(where: readonly PatternTerm[]): PatternTerm[] {
  const byKey = new Map(where.map((term) => [termKey(term), term]))
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, term]) => term)
}

function termKey(term: PatternTerm): string {
  return JSON.stringify('is' in term ? [term.path, 'is', term.is] : [term.path, 'equals', term.equals])
}

/** `find where 0.query is null and 1 equals 3`, for people: one line, without secrets. */
export function describePattern({ method, where }: MessagePattern): string {
  const terms = where.map((term) =>
    'is' in term ? `${term.path} is ${term.is}` : `${term.path} equals ${shownValue(term)}`,
  )
  return safeLine(`${method} where ${terms.join(' and ')}`)
}

function shownValue({ path, equals }: Extract<PatternTerm, { equals: PlainScalar }>): string {
  return path.split('.').some(isSecretKey) ? redacted : redactText(JSON.stringify(equals))
}

function holds(term: PatternTerm, args: readonly unknown[]): boolean {
  const value = valueAt(args, term.path)
  return 'is' in term ? isOfKind(value, term.is) : value === term.equals
}

/** Undefined where the path leads nowhere. Never runs code of the arguments. */
export function valueAt(args: readonly unknown[], path: string): unknown {
  let found: unknown = args
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || types.isProxy(found)) return undefined
    if (types.isMap(found)) {
      found = Map.prototype.get.call(found, key)
      continue
    }
    const property = Object.getOwnPropertyDescriptor(found, key)
    if (property === undefined || !('value' in property)) return undefined
    found = property.value
  }
  // It is code, and cannot be sent to a kernel anyway.
  return types.isProxy(found) ? undefined : found
}

export function isOfKind(value: unknown, kind: ValueKind): boolean {
  switch (kind) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'nan':
      return Number.isNaN(value)
    case 'infinite':
      return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
    case 'empty':
      return isEmpty(value)
    default:
      // The kinds that are left are typeof's own words.
      return typeof value === kind
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length === 0
  if (value instanceof Map || value instanceof Set) return value.size === 0
  return typeof value === 'object' && value !== null && isPlain(value) && Object.keys(value).length === 0
}

/** A Date or a Buffer of another realm has no keys either, and is not empty. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/**
 * From the places of a message that crash a kernel to the pattern that means all messages like it. A place counts by its
 * kind (`0.query is null`) where no healthy message has that kind there, else by its value; where a healthy message is
 * still meant, further places of the message are added. Pure; which places matter is found out by the guard.
 */
import { isDeepStrictEqual } from 'node:util'
import { limits } from '../../base/limits.ts'
import {
  canonicalTerms,
  isOfKind,
  type MessagePattern,
  matchesPattern,
  type PatternTerm,
  type PlainScalar,
  type ValueKind,
  valueAt,
  valueKinds,
} from '../../base/message-pattern.ts'
import { isSecretKey, redactText } from '../../base/redact.ts'
import { type Leaf, leavesOf } from './argument-leaves.ts'

type Args = readonly unknown[]

/** The narrowest first: an empty list is `empty` before it is an `array`. */
const kindsNarrowFirst: readonly ValueKind[] = ['nan', 'infinite', 'empty', ...valueKinds]

export function kindOf(value: unknown): ValueKind | undefined {
  return kindsNarrowFirst.find((kind) => isOfKind(value, kind))
}

/** The kind of a leaf, where it tells the message from every healthy one. */
export function tellingKind({ path, value }: Leaf, healthy: readonly Args[]): ValueKind | undefined {
  const kind = kindOf(value)
  if (kind === undefined || healthy.some((args) => isOfKind(valueAt(args, path), kind))) return undefined
  return kind
}

/** Kinds whose members are all alike to a kernel, so that one that crashes it speaks for all of them. */
const alike: ReadonlySet<ValueKind | undefined> = new Set(['undefined', 'null', 'nan', 'infinite', 'empty'])

export function isAlikeInKind(value: unknown): boolean {
  return alike.has(kindOf(value))
}

export interface PatternQuestion {
  readonly method: string
  /** Of the message that crashes the kernel. */
  readonly args: Args
  /** The leaves that the crash needs; with `byKind` whatever value of their kind they have. */
  readonly needed: readonly (Leaf & { readonly byKind: boolean })[]
  /** Argument lists of the same method that were answered well. */
  readonly healthy: readonly Args[]
}

/**
 * Matches the message and none of the healthy ones; undefined where there is no such pattern, or where it would mean no
 * more than this one message does.
 */
export function patternOf({ method, args, needed, healthy }: PatternQuestion): MessagePattern | undefined {
  const where: PatternTerm[] = []
  for (const leaf of needed) {
    const kind = leaf.byKind || isAlikeInKind(leaf.value) ? tellingKind(leaf, healthy) : undefined
    const term = kind === undefined ? equalTo(leaf) : { path: leaf.path, is: kind }
    if (term === undefined) return undefined
    where.push(term)
  }
  if (where.length === 0) return undefined
  const leaves = leavesOf(args)
  const pattern = narrowed({ method, where }, leaves, healthy)
  if (pattern === undefined || pattern.where.length > limits.patternTerms) return undefined
  const isExact = pattern.where.every((term) => 'equals' in term) && pattern.where.length >= leaves.length
  return isExact || !matchesPattern(pattern, method, args) ? undefined : pattern
}

/** With as many more places as it takes to mean no healthy message. */
function narrowed(from: MessagePattern, leaves: readonly Leaf[], healthy: readonly Args[]): MessagePattern | undefined {
  const { method } = from
  const where = [...from.where]
  let meant = healthy.filter((args) => matchesPattern(from, method, args))
  for (const leaf of leaves) {
    if (meant.length === 0) break
    const term = equalTo(leaf)
    const left = meant.filter((args) => isDeepStrictEqual(valueAt(args, leaf.path), leaf.value))
    if (term === undefined || left.length === meant.length) continue
    where.push(term)
    meant = left
  }
  return meant.length === 0 ? { method, where: canonicalTerms(where) } : undefined
}

/** Values that can stand in a file for people to read: short, plain, and nobody's secret. */
function equalTo({ path, value }: Leaf): PatternTerm | undefined {
  if (!isPlainScalar(value) || path.split('.').some(isSecretKey)) return undefined
  if (typeof value === 'string' && (value.length > limits.guardEqualsChars || redactText(value) !== value)) {
    return undefined
  }
  return { path, equals: value }
}

function isPlainScalar(value: unknown): value is PlainScalar {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'boolean' || value === null
}

/**
 * The leaves of a message's arguments, and for each what a healthy message has in its place: replacing them one by one
 * shows which of them a crash needs. Lists and plain objects have leaves; everything else is one. Pure: the values are
 * copies of recorded ones, so that no code of anybody runs. What a replacement shows is for the guard.
 */
import { isDeepStrictEqual } from 'node:util'
import { limits } from '../../base/limits.ts'
import { patternPath, valueAt } from '../../base/message-pattern.ts'

export interface Leaf {
  /** As in PatternTerm. */
  readonly path: string
  /** Undefined where a healthy message has something here and this one has nothing. */
  readonly value: unknown
}

/** A leaf that is not as in a healthy message, and what to put in its place; undefined: nothing. */
export interface Replaceable extends Leaf {
  readonly healthy: unknown
}

type Args = readonly unknown[]

/** As many as are told apart: of arguments with more of them, branches count as leaves. */
export function leavesOf(args: Args): Leaf[] {
  for (let depth: number = limits.guardDepth; depth > 1; depth -= 1) {
    const leaves = collect(args, depth)
    if (leaves.length <= limits.guardLeaves) return leaves
  }
  return collect(args, 1).slice(0, limits.guardLeaves)
}

function collect(args: Args, depth: number): Leaf[] {
  const leaves: Leaf[] = []
  const visit = (value: unknown, path: string, left: number): void => {
    // Enough to see that there are too many.
    if (leaves.length > limits.guardLeaves) return
    const keys = left > 0 && isBranch(value) ? Object.keys(value) : []
    if (keys.length === 0) leaves.push({ path, value })
    for (const key of keys) if (isKey(key)) visit(valueAt([value], `0.${key}`), `${path}.${key}`, left - 1)
  }
  for (const [index, value] of args.entries()) visit(value, String(index), depth - 1)
  return leaves.filter(({ path }) => patternPath.test(path) && path.length <= limits.dottedPathChars)
}

/** A list or a plain object: what can be changed in one place and stays what it is. */
function isBranch(value: unknown): value is object {
  if (Array.isArray(value)) return true
  if (typeof value !== 'object' || value === null) return false
  return Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
}

function isKey(key: string): boolean {
  return key !== '' && !key.includes('.') && key !== '__proto__'
}

/** Of these argument lists the one that has most in common with it; of equals the first. */
export function nearest(args: Args, healthy: readonly Args[]): Args | undefined {
  const leaves = leavesOf(args)
  let best: Args | undefined
  let most = -1
  for (const candidate of healthy) {
    const shared = leaves.filter(({ path, value }) => isDeepStrictEqual(valueAt(candidate, path), value)).length
    if (shared > most) [best, most] = [candidate, shared]
  }
  return best
}

/**
 * Leaves that are not as in the model, with what it has there. Where it has nothing another healthy list may; where none
 * has, it is a neutral value of the same kind.
 * @param others healthy argument lists of the same method.
 */
export function replaceable(args: Args, model: Args, others: readonly Args[]): Replaceable[] {
  const found: Replaceable[] = []
  for (const { path, value } of [...leavesOf(args), ...missing(args, model)]) {
    const inModel = valueAt(model, path)
    if (isDeepStrictEqual(inModel, value)) continue
    const elsewhere = others.map((list) => valueAt(list, path)).find((other) => isReplacement(other, value))
    const healthy = [inModel, elsewhere, neutral(value)].find((one) => one !== undefined)
    found.push({ path, value, healthy })
  }
  return found
}

function isReplacement(other: unknown, value: unknown): boolean {
  return other !== undefined && !isDeepStrictEqual(other, value)
}

/** Places where the model has something and the arguments have not, the highest of each. Lists below are just shorter. */
function missing(args: Args, model: Args): Leaf[] {
  const paths = new Set<string>()
  for (const { path } of leavesOf(model)) {
    const keys = path.split('.')
    const depth = keys.findIndex((key, index) => {
      const parent = index === 0 ? args : valueAt(args, keys.slice(0, index).join('.'))
      return !isBranch(parent) || !Object.hasOwn(parent, key)
    })
    if (depth === -1) continue
    const parent = depth === 0 ? args : valueAt(args, keys.slice(0, depth).join('.'))
    const isOpen = isBranch(parent) && (depth === 0 || (!Array.isArray(parent) && Object.keys(parent).length > 0))
    if (isOpen) paths.add(keys.slice(0, depth + 1).join('.'))
  }
  return [...paths].map((path) => ({ path, value: undefined }))
}

/** Something harmless of the same kind, and not the same; nothing where there is no such thing. */
function neutral(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return value === 'a' ? 'b' : 'a'
    case 'number':
      return value === 1 ? 2 : 1
    case 'bigint':
      return value === 1n ? 2n : 1n
    case 'boolean':
      return !value
    default:
      return undefined
  }
}

/**
 * Another member of the value's kind, to see whether the kind matters or the value; undefined where it is not known what
 * that would be. Not for values that are alone in their kind.
 */
export function another(value: unknown): unknown {
  if (Array.isArray(value)) return [...value, ...value]
  if (isBranch(value)) return { ...value, another: 1 }
  switch (typeof value) {
    case 'string':
      return `${value}a`
    case 'number':
      return value + 1
    case 'bigint':
      return value + 1n
    case 'boolean':
      return !value
    default:
      return undefined
  }
}

/**
 * Puts values into a list of arguments of the caller's own, which is changed. Undefined takes away what was there.
 * @returns the list.
 */
export function putIn(args: unknown[], changes: readonly { readonly path: string; readonly value: unknown }[]) {
  for (const { path, value } of changes) {
    const keys = path.split('.')
    const last = keys.pop() ?? ''
    const parent = keys.length === 0 ? args : valueAt(args, keys.join('.'))
    if (!isBranch(parent)) continue
    if (value === undefined && !Array.isArray(parent)) Reflect.deleteProperty(parent, last)
    else Reflect.set(parent, last, value)
  }
  return args
}

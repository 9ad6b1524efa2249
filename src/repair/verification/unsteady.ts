/**
 * What of a reply is no measure, because it differs from run to run: a time, a new id, how long something took. Found by
 * holding two runs of the same code against each other, value by value, so that the rest of such a reply still counts. A
 * number that differs in some messages of a method and by chance not in others is known by how often it does. It says
 * nothing of which reply is right.
 */
import { isDeepStrictEqual } from 'node:util'
import { deserialize } from 'node:v8'
import type { TrialAnswer } from '../trial.ts'

/** A place in a reply at which two of them differ. */
interface Difference {
  /** Keys and indices on the way to it; empty for the reply as a whole. */
  readonly path: readonly string[]
  /** A number in both. */
  readonly isNumber: boolean
}

/** One message, as it was answered in service, by the code that ran and by the patched code. */
export interface Answered {
  readonly method: string
  readonly recorded: TrialAnswer | undefined
  readonly unpatched: TrialAnswer | undefined
  readonly patched: TrialAnswer | undefined
}

export type Steadiness =
  /** The patched code's reply is another one. */
  | 'steady'
  /** It is the same in all that does not differ from run to run. */
  | 'same in part'
  /** All of it differs from run to run. */
  | 'unsteady'

export function isSameAnswer(one: TrialAnswer | undefined, other: TrialAnswer | undefined): boolean {
  if (one === undefined || other === undefined) return false
  if ('error' in one) return 'error' in other && one.error === other.error
  if ('error' in other) return false
  // Two bytes of V8's may mean the same value: an object twice in it, or one and its copy; keys in another order.
  return one.valueSha256 === other.valueSha256 || differencesOf(one, other)?.length === 0
}

/** @param answers all that are compared, so that how often a number differs is known. */
export function steadinessOf(answers: readonly Answered[]): (answer: Answered) => Steadiness {
  const chance = new Map<string, { unpatched: number; patched: number }>()
  for (const answer of answers) {
    const known = ownDifferences(answer)
    for (const { path, isNumber } of known ?? []) if (isNumber) countOf(chance, answer.method, path).unpatched += 1
    for (const { path, isNumber } of restOf(answer, known)) {
      if (isNumber) countOf(chance, answer.method, path).patched += 1
    }
  }
  const mayBeChance = ({ method }: Answered, { path, isNumber }: Difference) => {
    const { unpatched, patched } = countOf(chance, method, path)
    return isNumber && unpatched > 0 && patched <= 2 * unpatched + 1
  }
  return (answer) => {
    const own = ownDifferences(answer)
    if (own === undefined) return 'unsteady'
    const rest = restOf(answer, own)
    if (!rest.every((difference) => mayBeChance(answer, difference))) return 'steady'
    return leavesOf(valueIn(answer.recorded)) > own.length + rest.length ? 'same in part' : 'unsteady'
  }
}

function countOf<T extends { unpatched: number; patched: number }>(
  counts: Map<string, T | { unpatched: number; patched: number }>,
  method: string,
  path: readonly string[],
) {
  // The items of a list are alike, so what of one differs may in each.
  const key = JSON.stringify([method, ...path.map((part) => (/^\d+$/.test(part) ? '*' : part))])
  const count = counts.get(key) ?? { unpatched: 0, patched: 0 }
  counts.set(key, count)
  return count
}

/** Where the unpatched code differs from itself; undefined where it does as a whole, or nobody can tell where. */
function ownDifferences({ recorded, unpatched }: Answered): Difference[] | undefined {
  if (unpatched === undefined || isSameAnswer(unpatched, recorded)) return []
  const found = differencesOf(unpatched, recorded)
  return found?.some(({ path, isNumber }) => path.length === 0 && !isNumber) ? undefined : found
}

/** Where the patched code differs although the unpatched does not. */
function restOf({ recorded, patched }: Answered, own: readonly Difference[] | undefined): Difference[] {
  if (own === undefined) return []
  const all = differencesOf(patched, recorded) ?? [{ path: [], isNumber: false }]
  return all.filter((difference) => !own.some((known) => isBelow(difference, known)))
}

function isBelow({ path }: Difference, { path: above }: Difference): boolean {
  return above.every((part, at) => path[at] === part)
}

/** Whether golden's code gives the patched code's reply, but for what differs from run to run. */
export function isAsGolden(answer: Answered, golden: TrialAnswer | undefined): boolean {
  if (isSameAnswer(golden, answer.patched)) return true
  const own = ownDifferences(answer) ?? []
  const found = own.length === 0 ? undefined : differencesOf(golden, answer.patched)
  return found?.every((difference) => own.some((known) => isBelow(difference, known))) === true
}

/** Undefined where one of them is an error, or too large to have been carried. */
function differencesOf(one: TrialAnswer | undefined, other: TrialAnswer | undefined): Difference[] | undefined {
  if (one === undefined || other === undefined || 'error' in one || 'error' in other) return undefined
  if (one.value === undefined || other.value === undefined) return undefined
  const found: Difference[] = []
  walk(valueIn(one), valueIn(other), [], found)
  return found
}

function valueIn(answer: TrialAnswer | undefined): unknown {
  if (answer === undefined || 'error' in answer || answer.value === undefined) return undefined
  return deserialize(Buffer.from(answer.value, 'base64')) as unknown
}

const deepest = 20

function walk(one: unknown, other: unknown, path: readonly string[], found: Difference[]): void {
  const keys = path.length < deepest ? keysOfBoth(one, other) : undefined
  if (keys === undefined) {
    if (!isDeepStrictEqual(one, other))
      found.push({ path, isNumber: typeof one === 'number' && typeof other === 'number' })
    return
  }
  for (const key of keys) {
    if (Object.hasOwn(one as object, key) && Object.hasOwn(other as object, key)) {
      walk(Reflect.get(one as object, key), Reflect.get(other as object, key), [...path, key], found)
    } else found.push({ path: [...path, key], isNumber: false })
  }
}

/** Undefined where they cannot be held against each other part by part. */
function keysOfBoth(one: unknown, other: unknown): Iterable<string> | undefined {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length ? Object.keys(one) : undefined
  if (!isPlain(one) || !isPlain(other)) return undefined
  return new Set([...Object.keys(one), ...Object.keys(other)])
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function leavesOf(value: unknown, depth = 0): number {
  if (depth >= deepest || (!Array.isArray(value) && !isPlain(value))) return 1
  return Object.values(value).reduce((sum: number, part) => sum + leavesOf(part, depth + 1), 0)
}

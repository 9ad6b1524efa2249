/**
 * Near misses of a failing message. A candidate that knows the recorded message and nothing of the defect holds for that
 * message only; a mend of the defect holds for its neighbours too. The same message always gives the same neighbours. Which
 * of them fail without the patch is for the sandbox to say: those that do not prove nothing.
 */
import { limits } from '../../base/limits.ts'

export interface Mutation {
  readonly args: readonly unknown[]
  /** What was changed, in words: `args[0].qty 3 -> 4`. */
  readonly what: string
}

type Change = (value: unknown) => unknown

interface Leaf {
  readonly path: readonly (string | number)[]
  readonly isId: boolean
  /** Small changes to it, the likeliest to keep its meaning first. */
  readonly changes: readonly Change[]
}

/** Levels and leaves looked at: the message may hold anything. */
const maxDepth = 6
const maxLeaves = 200
const maxItems = 20

/**
 * Ids come last, and null, undefined, true and false are left as they are: those may be the very cause. One with other ids is among them all the same,
 * since that is what a special case goes by.
 * @param args of the failing message; they are not changed.
 */
export function mutationsOf(args: readonly unknown[], count: number = limits.proofMutations): Mutation[] {
  const leaves = leavesOf(args)
  const plain = leaves.filter(({ isId }) => !isId)
  const ids = leaves.filter(({ isId }) => isId)
  const rounds = (list: readonly Leaf[]) => [0, 1].flatMap((nth) => list.flatMap((leaf) => changeOf(args, leaf, nth)))
  const ofPlain = rounds(plain)
  const allIds = ids.length === 0 ? [] : [ids.reduce<Mutation>((so, leaf) => both(so, leaf), { args, what: '' })]
  const chosen = [...ofPlain.slice(0, allIds.length === 0 ? count : count - 1), ...allIds, ...rounds(ids)]
  const seen = new Set<string>()
  return chosen.filter(({ what }) => !seen.has(what) && seen.add(what)).slice(0, count)
}

function changeOf(args: readonly unknown[], { path, changes }: Leaf, nth: number): Mutation[] {
  const change = changes[nth]
  return change === undefined ? [] : [mutated(args, path, change)]
}

function both(so: Mutation, { path, changes }: Leaf): Mutation {
  const change = changes[0]
  if (change === undefined) return so
  const next = mutated(so.args, path, change)
  return { args: next.args, what: so.what === '' ? next.what : `${so.what}, ${next.what}` }
}

function mutated(args: readonly unknown[], path: Leaf['path'], change: Change): Mutation {
  const copy = structuredClone(args) as unknown[]
  let at: unknown = copy
  for (const step of path.slice(0, -1)) at = Reflect.get(at as object, step)
  const last = path.at(-1) ?? 0
  const before = Reflect.get(at as object, last)
  const shownBefore = shown(before)
  const after = change(before)
  Reflect.set(at as object, last, after)
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return { args: copy, what: `args${where} ${shownBefore} -> ${shown(after)}` }
}

/** Short, and without the text itself: it may be a secret, and a detail is shown everywhere. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} items`
  if (typeof value === 'string') return `a text of ${value.length}`
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

function leavesOf(args: readonly unknown[]): Leaf[] {
  const leaves: Leaf[] = []
  const visit = (value: unknown, path: Leaf['path']) => {
    if (leaves.length >= maxLeaves || path.length > maxDepth) return
    const key = path.findLast((step) => typeof step === 'string')
    const leaf = leafOf(value, path, String(key ?? ''))
    if (leaf !== undefined) leaves.push(leaf)
    if (Array.isArray(value))
      for (const [index, item] of value.slice(0, maxItems).entries()) visit(item, [...path, index])
    else if (isPlain(value)) for (const name of Object.keys(value)) visit(Reflect.get(value, name), [...path, name])
  }
  for (const [index, arg] of args.entries()) visit(arg, [index])
  return leaves
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function leafOf(value: unknown, path: Leaf['path'], key: string): Leaf | undefined {
  const isId = isIdKey(key) || (typeof value === 'string' && looksLikeId(value))
  if (typeof value === 'number' && Number.isFinite(value)) {
    return { path, isId, changes: [(it) => (it as number) + 1, (it) => (it as number) - 1] }
  }
  if (typeof value === 'bigint')
    return { path, isId, changes: [(it) => (it as bigint) + 1n, (it) => (it as bigint) - 1n] }
  if (typeof value === 'string') return { path, isId, changes: [withLetterChanged, withLetterAdded] }
  if (!Array.isArray(value) || value.length === 0) return undefined
  return { path, isId, changes: [(it) => [...(it as unknown[]), structuredClone((it as unknown[]).at(-1))]] }
}

const isIdKey = (key: string) =>
  /^(?:id|ids|uuid|key|token|hash|sha256)$|(?:Id|ID|Ids|_id|_ids|Key|Token|Hash)$/.test(key)
/** `a17`, `order-204`, a UUID, a hash. */
const looksLikeId = (text: string) => /^[a-z]{0,12}[-_:]?\d+$|^[0-9a-f]{8}-[0-9a-f-]{27}$|^[0-9a-f]{16,}$/i.test(text)

/** The last letter or digit, so that what a text begins with stays. */
function withLetterChanged(value: unknown): string {
  const text = value as string
  const at = text.search(/[a-z0-9](?=[^a-z0-9]*$)/i)
  if (at === -1) return `${text}a`
  return text.slice(0, at) + nextOf(text.charAt(at)) + text.slice(at + 1)
}

function nextOf(letter: string): string {
  if (letter === '9') return '0'
  if (letter === 'z') return 'a'
  return letter === 'Z' ? 'A' : String.fromCharCode(letter.charCodeAt(0) + 1)
}

function withLetterAdded(value: unknown): string {
  const text = value as string
  return text + (/\d$/.test(text) ? '1' : 'a')
}

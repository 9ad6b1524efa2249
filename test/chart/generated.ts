/**
 * Machines that nobody would write, for what must hold of any drawing. The same seed gives the same machine, on every
 * machine and version. They are made to be drawn: guards and actions are names without code.
 */
import { type AnyStateMachine, createMachine } from 'xstate'

/** A machine of 3 to 34 states, up to four levels deep. */
export function generatedMachine(seed: number): AnyStateMachine {
  const dice = diceOf(seed)
  const root: Sketch = { key: `machine${seed}`, path: [], kind: 'compound', children: [] }
  growChildren(root, dice, { left: dice.between(3, 34) })
  const all = flat(root)
  return createMachine({ id: root.key, ...configOf(root, all, dice) } as never)
}

interface Dice {
  /** 0 to 1. */
  next(): number
  between(low: number, high: number): number
  chance(of: number): boolean
  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T
}

/** mulberry32: 32 bits of state are plenty for a drawing. */
function diceOf(seed: number): Dice {
  let state = (seed + 1) * 0x9e3779b9
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (of) => next() < of,
    pick: (from) => from[Math.floor(next() * from.length)] as (typeof from)[number],
  }
}

interface Sketch {
  readonly key: string
  readonly path: readonly string[]
  kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly children: Sketch[]
}

const words = ['idle', 'busy', 'open', 'ready', 'lost', 'warm', 'paused', 'syncing', 'done', 'queued'] as const
const longWords = ['waitingForTheOtherSideToAnswer', 'compensatingAllThatWasBooked', 'höflichÜberprüfen'] as const
const events = [
  'GO',
  'STOP',
  'NEXT',
  'TICK',
  'CONNECTION_LOST',
  'item.added',
  'A_VERY_LONG_EVENT_NAME_THAT_GOES_ON',
] as const
const guards = ['valid', 'isEmpty', 'hasPermissionToDoThisAtAll', { type: 'above', params: { limit: 10 } }] as const
const actions = ['store', 'log', 'notifyEveryoneWhoIsConcerned', { type: 'play', params: 'bell' }] as const

function growChildren(parent: Sketch, dice: Dice, budget: { left: number }): void {
  const wanted = Math.min(budget.left, dice.between(2, parent.path.length === 0 ? 7 : 4))
  for (let index = 0; index < wanted && budget.left > 0; index++) {
    const key = `${dice.chance(0.1) ? dice.pick(longWords) : dice.pick(words)}${index}`
    const child: Sketch = { key, path: [...parent.path, key], kind: 'atomic', children: [] }
    parent.children.push(child)
    budget.left -= 1
  }
  for (const child of parent.children) {
    if (child.path.length < 4 && budget.left >= 2 && dice.chance(0.35)) {
      child.kind = dice.chance(0.25) ? 'parallel' : 'compound'
      growChildren(child, dice, budget)
    } else if (parent.kind === 'compound' && child !== parent.children[0]) {
      // The first is the initial one, which must be a state that can be stayed in.
      if (dice.chance(0.12)) child.kind = 'final'
      else if (dice.chance(0.08)) child.kind = 'history'
    }
  }
}

function flat(sketch: Sketch): Sketch[] {
  return [sketch, ...sketch.children.flatMap(flat)]
}

function configOf(sketch: Sketch, all: readonly Sketch[], dice: Dice): Record<string, unknown> {
  const root = all[0] as Sketch
  const states = sketch.children.map((child) => [child.key, configOf(child, all, dice)])
  const first = sketch.children[0]?.key
  const shape = {
    ...(sketch.kind === 'compound' && { initial: first }),
    ...(['parallel', 'final', 'history'].includes(sketch.kind) && { type: sketch.kind }),
    ...(states.length > 0 && { states: Object.fromEntries(states) }),
  }
  if (sketch.kind === 'history') {
    const siblings = flat(root).filter(({ children }) => children.includes(sketch))[0]?.children ?? []
    const target = dice.chance(0.5) ? siblings[0]?.key : undefined
    return { ...shape, history: dice.pick(['shallow', 'deep'] as const), ...(target !== undefined && { target }) }
  }
  const decor = {
    ...(dice.chance(0.2) && { entry: some(actions, dice, 2) }),
    ...(dice.chance(0.1) && { exit: some(actions, dice, 1) }),
    ...(dice.chance(0.1) && { tags: ['tagged'] }),
    ...(dice.chance(0.1) && { description: 'What happens here takes a sentence to be told.' }),
  }
  if (sketch.kind === 'final') return { ...shape, ...decor }
  return { ...shape, ...decor, ...transitionsOf(sketch, all, dice) }
}

function transitionsOf(sketch: Sketch, all: readonly Sketch[], dice: Dice): Record<string, unknown> {
  const candidates = () =>
    Array.from({ length: dice.chance(0.2) ? dice.between(2, 3) : 1 }, () => edge(sketch, all, dice))
  const on: Record<string, unknown> = {}
  for (let count = dice.between(0, 3); count > 0; count--) on[dice.pick(events)] = candidates()
  if (dice.chance(0.08)) on[dice.pick(['*', 'item.*'] as const)] = candidates()
  return {
    on,
    ...(dice.chance(0.12) && { after: { [dice.pick(['250', '60000', 'backoff'] as const)]: candidates() } }),
    ...(dice.chance(0.08) && { always: [{ ...edge(sketch, all, dice), guard: dice.pick(guards) }] }),
    ...(dice.chance(0.12) && {
      invoke: { src: dice.pick(['fetchUser', 'watchFolder'] as const), onDone: candidates(), onError: candidates() },
    }),
    ...(sketch.children.some(({ kind }) => kind === 'final') && dice.chance(0.7) && { onDone: candidates() }),
  }
}

/** To anywhere in the machine, itself and its own children included, or nowhere. */
function edge(sketch: Sketch, all: readonly Sketch[], dice: Dice): Record<string, unknown> {
  const root = all[0] as Sketch
  const isLocal = dice.chance(0.6)
  const siblings = all.filter(({ children }) => children.includes(sketch)).flatMap(({ children }) => children)
  const near = isLocal && siblings.length > 0 ? siblings : all.slice(1)
  const target = dice.chance(0.1) ? undefined : dice.chance(0.08) ? sketch : dice.pick(near)
  return {
    ...(target !== undefined && { target: `#${[root.key, ...target.path].join('.')}` }),
    ...(dice.chance(0.3) && { guard: dice.pick(guards) }),
    ...((target === undefined || dice.chance(0.25)) && { actions: some(actions, dice, 2) }),
    ...(dice.chance(0.1) && { reenter: true }),
  }
}

function some<T>(from: readonly T[], dice: Dice, most: number): T[] {
  return Array.from({ length: dice.between(1, most) }, () => dice.pick(from))
}

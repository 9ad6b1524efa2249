/**
 * What is read of an XState v5 machine, by shape: whoever asks for a drawing may have a copy of XState of their own, so
 * no class is compared and no code of XState's is imported. Not here: what the parts are called (naming.ts).
 */
import { LazaretError } from '../base/errors.ts'

export interface MachineShape {
  readonly id: string
  readonly root: NodeShape
  readonly implementations?: {
    readonly actions?: Readonly<Record<string, unknown>>
    readonly delays?: Readonly<Record<string, unknown>>
  }
}

export interface NodeShape {
  readonly id: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly history?: 'shallow' | 'deep' | false
  readonly states: Readonly<Record<string, NodeShape>>
  readonly entry: readonly unknown[]
  readonly exit: readonly unknown[]
  readonly invoke: readonly { readonly id: string; readonly src: unknown }[]
  readonly tags: readonly string[]
  readonly description?: string | undefined
  /** By descriptor: of an event, a delay, or an actor's end. */
  readonly transitions: ReadonlyMap<string, readonly TransitionShape[]>
  /** Kept apart by XState; so a walk over `transitions` alone (XState's own toDirectedGraph) misses them. */
  readonly always?: readonly TransitionShape[] | undefined
  readonly initial?: { readonly target?: readonly NodeShape[] }
  readonly config: {
    readonly target?: unknown
    readonly context?: unknown
    readonly invoke?: unknown
  }
}

export interface TransitionShape {
  readonly target?: readonly NodeShape[] | undefined
  readonly guard?: unknown
  readonly actions: readonly unknown[]
  readonly reenter?: boolean | undefined
  readonly delay?: number | string
  readonly description?: string | undefined
}

export function isMachine(value: unknown): value is MachineShape {
  if (!isObject(value) || typeof value.id !== 'string' || !isObject(value.root)) return false
  const { root } = value
  return typeof root.id === 'string' && isObject(root.states) && root.transitions instanceof Map
}

/** @throws LazaretError MACHINE_INVALID. */
export function asMachine(value: unknown): MachineShape {
  if (isMachine(value)) return value
  throw new LazaretError('MACHINE_INVALID', `not a machine of XState v5. Got: ${kindOf(value)}`, {
    hint: 'give what createMachine() or setup().createMachine() returns',
  })
}

/** In a person's words, of what is no machine. */
export function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value)
  if ('states' in value && 'initialState' in value) return 'a machine of XState v4'
  if ('logic' in value && 'send' in value) return 'an actor; its machine is wanted'
  if (Array.isArray(value)) return 'an array'
  return 'states' in value ? 'a configuration that createMachine() has not seen' : 'an object'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A node with all below it, parents first, in the machine's own order. */
export function* nodesOf(node: NodeShape): Generator<NodeShape> {
  yield node
  for (const child of Object.values(node.states)) yield* nodesOf(child)
}

export interface NumberedTransition {
  /** `<source>|<descriptor>|<index>`. The descriptor of `always` is empty, as in XState. */
  readonly id: string
  readonly descriptor: string
  readonly transition: TransitionShape
}

/** Every transition out of a node, in the order in which XState tries them. */
export function* transitionsOf(node: NodeShape): Generator<NumberedTransition> {
  for (const [descriptor, candidates] of [...node.transitions, ['', node.always ?? []] as const]) {
    for (const [index, transition] of candidates.entries()) {
      yield { id: `${node.id}|${descriptor}|${index}`, descriptor, transition }
    }
  }
}

/** Where a history node leads as long as there is no history; none where it says nothing, and the parent's rule holds. */
export function historyDefaults(node: NodeShape, parent: NodeShape, machine: MachineShape): NodeShape[] {
  const { target } = node.config
  const names = target === undefined ? [] : Array.isArray(target) ? target : [target]
  return names.flatMap((name) => {
    if (typeof name !== 'string') return isObject(name) ? [name as unknown as NodeShape] : []
    const found = name.startsWith('#')
      ? [...nodesOf(machine.root)].find(({ id }) => id === name.slice(1))
      : pathOf(name).reduce<NodeShape | undefined>((at, key) => at?.states[key], parent)
    return found === undefined ? [] : [found]
  })
}

/** `a.b` are two keys; `a\.b` is one. */
function pathOf(name: string): string[] {
  return name
    .replace(/^\./, '')
    .split(/(?<!\\)\./)
    .map((key) => key.replace(/\\(.)/g, '$1'))
}

/**
 * What XState tells of an actor, written as records that leave the thread: bounded, redacted, and free of anything that
 * runs. It reads machines and snapshots by their shape, as a kernel may have a copy of XState of its own. What is worth
 * a record, and when, is decided elsewhere (actor/inspect.ts).
 */
import { types } from 'node:util'
import { limits } from '../base/limits.ts'
import { type RedactBounds, redact } from '../base/redact.ts'
import { chartOf, edgeIdsOf } from './from-machine.ts'
import type { InspectedRecord } from './inspected.ts'
import { isMachine, isObject, nodesOf } from './machine-shape.ts'
import type { Chart } from './model.ts'

interface Drawn {
  readonly chart: Chart | undefined
  readonly edges: ReadonlyMap<object, string>
}

const nothing: Drawn = { chart: undefined, edges: new Map() }
const drawn = new WeakMap<object, Drawn>()

/** The chart of an actor's logic, made once for each machine; nothing where it runs none, or one too large to be drawn. */
function draw(logic: unknown): Drawn {
  if (!isMachine(logic)) return nothing
  const known = drawn.get(logic)
  if (known !== undefined) return known
  drawn.set(logic, nothing)
  if (!isLarge(logic.root)) drawn.set(logic, { chart: chartOf(logic), edges: edgeIdsOf(logic) })
  return drawn.get(logic) ?? nothing
}

function isLarge(root: Parameters<typeof nodesOf>[0]): boolean {
  let parts = 0
  for (const node of nodesOf(root)) {
    parts += 1 + node.transitions.size
    if (parts > limits.inspectedChartParts) return true
  }
  return false
}

export function chartFor(logic: unknown): Chart | undefined {
  return draw(logic).chart
}

/** Ids of the edges among these transitions; those that are drawn as no edge (into an initial state) are none. */
export function edgesAmong(logic: unknown, transitions: Iterable<object>): string[] {
  const { edges } = draw(logic)
  return [...transitions].flatMap((transition) => edges.get(transition) ?? [])
}

export function eventText(event: unknown): string {
  return jsonOf(event)
}

export type SnapshotFacts = Pick<Extract<InspectedRecord, { kind: 'snapshot' }>, 'status' | 'active' | 'context'>

/** @param contextBefore what the last snapshot held, and its text: contexts are replaced, not changed, so it may hold still. */
export function snapshotFacts(snapshot: unknown, contextBefore?: { of: unknown; text: string }): SnapshotFacts {
  if (!isObject(snapshot)) return { status: 'active', active: [], context: jsonOf(snapshot) }
  const status = typeof snapshot.status === 'string' ? snapshot.status : 'active'
  const nodes = Array.isArray(snapshot._nodes) ? snapshot._nodes.slice(0, limits.inspectedChartParts) : []
  const active = nodes.flatMap((node: unknown) => (isObject(node) && typeof node.id === 'string' ? [node.id] : []))
  const shown = shownOf(snapshot)
  const isSame = contextBefore !== undefined && isObject(shown) && contextBefore.of === shown
  const context = isSame ? contextBefore.text : jsonOf(shown)
  return { status, active, context }
}

/** What a person wants to see of a snapshot: a machine's context; of a promise and the like what it came to. */
export function shownOf(snapshot: unknown): unknown {
  if (!isObject(snapshot)) return snapshot
  const { status, error, output } = snapshot
  if (status === 'error') return { error }
  if (snapshot.context !== undefined) return snapshot.context
  if (status === 'done' && output !== undefined) return { output }
  return snapshot.input === undefined ? null : { input: snapshot.input }
}

const bounds: RedactBounds = {
  ...{ nodes: limits.inspectedNodes, entries: limits.inspectedEntries, chars: limits.inspectedTextChars },
  describe,
}

/** What is no plain data is named: a spawned actor in a context leads to the whole system otherwise. */
function describe(value: object): string | undefined {
  if (types.isProxy(value)) return '[proxy]'
  if (Array.isArray(value) || isCopied(value)) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if ('sessionId' in value && 'send' in value) return `[actor ${String(Reflect.get(value, 'id'))}]`
  if (isMachine(value)) return `[machine ${value.id}]`
  if ('_nodes' in value && 'value' in value) return `[snapshot ${jsonOf(value.value)}]`
  if (prototype === null || prototype === Object.prototype) return undefined
  const name: unknown = Reflect.get(value.constructor ?? {}, 'name')
  return name === 'Object' ? undefined : `[${typeof name === 'string' && name !== '' ? name : 'object'}]`
}

/** Errors, dates, maps and the like, which a redacted copy shows well. */
function isCopied(value: object): boolean {
  if (types.isNativeError(value) || value instanceof Error || types.isDate(value) || types.isRegExp(value)) return true
  return types.isMap(value) || types.isSet(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)
}

/** Always JSON: a text that is too long all the same becomes one JSON text with its beginning. */
function jsonOf(value: unknown): string {
  const text = JSON.stringify(redact(value, bounds)) ?? 'null'
  if (text.length <= limits.inspectedJsonChars) return text
  return JSON.stringify(`${text.slice(0, limits.inspectedTextChars)}... [cut]`)
}

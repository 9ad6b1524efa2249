/**
 * What a person calls the parts of a machine: guards, actions, actors, events, delays. A name where there is one; else
 * the code itself where it is short (`context.tries < 3`), and `inline` where it is not. Actions that XState adds for
 * its own bookkeeping have no name. Functions are read as text and never called.
 */
import { limits } from '../base/limits.ts'
import { isObject } from './machine-shape.ts'

/** `valid`, `above(limit: 3)`, `and(valid, not(locked))`, `context.tries < 3`. */
export function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard
  if (typeof guard !== 'function') return withParams(guard)
  const { guards, stateValue } = guard as { guards?: unknown; stateValue?: unknown }
  if (Array.isArray(guards)) return `${guard.name || 'all of'}(${guards.map(guardName).join(', ')})`
  if (stateValue !== undefined) return `in(${shortText(stateValue)})`
  return inlineName(guard)
}

/** `store`, `assign(count)`, `raise(NEXT, after 1 s)`, `sendTo(cart, ADD)`; undefined: one of XState's own. */
export function actionName(action: unknown): string | undefined {
  if (typeof action === 'string') return action
  if (typeof action !== 'function') return withParams(action)
  const builtin = (action as { type?: unknown }).type
  return typeof builtin === 'string' && builtin.startsWith('xstate.')
    ? builtinName(builtin.slice('xstate.'.length), action as unknown as Record<string, unknown>)
    : inlineName(action)
}

export function actionNames(actions: readonly unknown[]): string[] {
  return actions.flatMap((action) => actionName(action) ?? [])
}

function builtinName(type: string, action: Record<string, unknown>): string | undefined {
  const parts = (name: string, ...of: (string | undefined)[]) => {
    const known = of.filter((part) => part !== undefined)
    return known.length === 0 ? name : `${name}(${known.join(', ')})`
  }
  const wait = action.delay === undefined ? undefined : `after ${delayText(action.delay)}`
  switch (type) {
    case 'assign':
      return parts('assign', ...(isObject(action.assignment) ? Object.keys(action.assignment) : []))
    case 'raise':
      return isOfDelay(action.id) ? undefined : parts('raise', eventText(action.event), wait)
    case 'sendTo': {
      const to = action.to === '#_parent' ? undefined : textOf(action.to, 'actor')
      if (isForwarding(action.event)) return parts('forwardTo', to)
      return parts(to === undefined ? 'sendParent' : 'sendTo', to, eventText(action.event), wait)
    }
    case 'emit':
      return parts('emit', eventText(action.event))
    case 'log':
      return parts('log', textOf(action.label ?? action.value, undefined))
    case 'cancel':
      return isOfDelay(action.sendId) ? undefined : parts('cancel', textOf(action.sendId, 'event'))
    case 'spawnChild':
      return parts('spawn', spawnedName(action))
    case 'stopChild':
      return parts('stop', textOf(action.actorRef, 'actor'))
    default:
      return type
  }
}

/** The raise and the cancel that XState adds for each `after`. */
function isOfDelay(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith('xstate.after.')
}

/** forwardTo() is a sendTo of the event itself. */
function isForwarding(event: unknown): boolean {
  return typeof event === 'function' && /^\(\s*\{\s*event\s*\}\s*\)\s*=>\s*event$/.test(event.toString().trim())
}

/** Type of an event that is sent; of a function the type that it writes, where it writes one. */
function eventText(event: unknown): string | undefined {
  if (isObject(event) && typeof event.type === 'string') return event.type
  if (typeof event !== 'function') return undefined
  const types = new Set([...event.toString().matchAll(/\btype\s*:\s*(['"`])([^'"`$]+)\1/g)].map((match) => match[2]))
  return types.size === 1 ? [...types][0] : '…'
}

function textOf(value: unknown, otherwise: string | undefined): string | undefined {
  if (typeof value === 'function') return bodyOf(value)?.replace(/^context\./, '') ?? otherwise
  if (isObject(value) && typeof value.id === 'string') return value.id
  return value === undefined ? otherwise : shortText(value)
}

/** Of a spawnChild action: by the name of its source, and the id where it has one. */
export function spawnedName(action: Record<string, unknown>): string {
  const src = sourceName(action.src)
  const id = typeof action.id === 'string' ? action.id : undefined
  return id === undefined || id === src ? src : `${src} as ${id}`
}

/** Of the logic of an actor: a machine's id, the name of a function; `inline` where it has none. */
export function sourceName(src: unknown): string {
  if (typeof src === 'string') return src
  if (!isObject(src)) return 'inline'
  if (isObject(src.root) && typeof src.id === 'string') return src.id === '(machine)' ? 'inline machine' : src.id
  if (typeof src.src === 'string') return src.src
  return typeof src.config === 'function' && isOwnName(src.config.name) ? src.config.name : 'inline'
}

/** 250 ms, 1.5 s, 10 min, 2 h, or the delay's name. */
export function delayText(delay: unknown): string {
  if (typeof delay === 'string') return delay
  if (typeof delay !== 'number') return '…'
  const units = [
    { name: 'd', ms: 86_400_000 },
    { name: 'h', ms: 3_600_000 },
    { name: 'min', ms: 60_000 },
    { name: 's', ms: 1000 },
  ]
  // A unit is used only where the figure in it is exact to a tenth: a drawing rounds nothing.
  const unit = units.find(({ ms }) => delay >= ms && (delay * 10) % ms === 0)
  return unit === undefined ? `${delay} ms` : `${delay / unit.ms} ${unit.name}`
}

/** `{ type, params }`. */
function withParams(value: unknown): string {
  if (!isObject(value) || typeof value.type !== 'string') return 'inline'
  const { type, params } = value
  if (params === undefined) return type
  if (typeof params === 'function') return `${type}(…)`
  return `${type}(${isObject(params) && !Array.isArray(params) ? fieldsText(params) : shortText(params)})`
}

function fieldsText(fields: Record<string, unknown>): string {
  const text = Object.entries(fields)
    .map(([name, value]) => `${name}: ${shortText(value)}`)
    .join(', ')
  return text.length <= limits.chartNameChars ? text : `${text.slice(0, limits.chartNameChars)}…`
}

function shortText(value: unknown): string {
  const text = typeof value === 'string' ? value : (asJson(value) ?? String(value))
  const flat = text.replace(/\s+/g, ' ').trim()
  return flat.length <= limits.chartNameChars ? flat : `${flat.slice(0, limits.chartNameChars)}…`
}

function asJson(value: unknown): string | undefined {
  try {
    return typeof value === 'function' ? '…' : JSON.stringify(value)
  } catch {
    // It refers to itself, or holds a bigint: no text to show.
    return '…'
  }
}

function inlineName(code: { readonly name: string; toString(): string }): string {
  return isOwnName(code.name) ? code.name : (bodyOf(code) ?? 'inline')
}

/** A function without a name is given that of the property it is written at. */
function isOwnName(name: string): boolean {
  return name !== '' && !/^(?:anonymous|guard|cond|actions?|entry|exit|src|config|default|\d+)$/.test(name)
}

/** Of an arrow function that is one short expression, or one short statement. */
function bodyOf(code: { toString(): string }): string | undefined {
  const text = code.toString().replace(/\s+/g, ' ').trim()
  const body = /^(?:async )?(?:\([^()]*\)|\w+) ?=> ?(.*)$/.exec(text)?.[1] ?? ''
  const inner = /^\{ ?(?:return )?([^;{}]*?);? ?\}$/.exec(body)?.[1] ?? body
  const isReadable = inner !== '' && inner.length <= limits.chartNameChars && !/^[({]|=>/.test(inner)
  return isReadable ? inner : undefined
}

/**
 * Errors as data. A cloned Error loses its class, its code and sometimes its message (measured: a DOMException arrives
 * with an empty one, `throw undefined` as an undefined payload), so errors cross threads, processes and disks as the
 * plain record of this file, and are rebuilt on the other side. Nothing here throws, whatever it is given: evil getters,
 * proxies, cycles and 50 MB messages included.
 */
import { isErrorCode, LazaretError } from './errors.ts'
import { limits } from './limits.ts'

export interface ErrorRecord {
  name: string
  message: string
  code?: string
  stack?: string
  kernel?: string
  details?: Record<string, unknown>
  hint?: string
  cause?: ErrorRecord
  /** Members of an AggregateError. */
  errors?: ErrorRecord[]
  /** What was thrown was no Error at all: `throw 'text'`, `Promise.reject(undefined)`. */
  nonError?: true
  /** Came from another kernel: whoever relays it is not to blame. */
  foreign?: true
}

/** A map, because an error may call itself `constructor` or `toString`. */
const nativeClasses: ReadonlyMap<string, new (message: string) => Error> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((Class) => [Class.name, Class]),
)

const foreignErrors = new WeakSet<object>()

/** True for an error that was rebuilt from another kernel's record, or is one of ours. */
export function isForeign(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  try {
    return foreignErrors.has(error) || error instanceof LazaretError
  } catch {
    // A proxy whose traps throw was made here, by whoever threw it.
    return false
  }
}

function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}... [${text.length - max} more characters]`
}

function readText(source: object, key: string): string | undefined {
  try {
    const value: unknown = Reflect.get(source, key)
    return typeof value === 'string' ? clip(value, limits.errorTextChars) : undefined
  } catch {
    // The getter itself throws: the property is as good as absent, and the error it belongs to still matters.
    return undefined
  }
}

function read(source: object, key: string): unknown {
  try {
    return Reflect.get(source, key)
  } catch {
    // As above: an unreadable property is an absent one.
    return undefined
  }
}

function describeNonError(value: unknown): string {
  try {
    if (typeof value === 'string') return clip(value, limits.errorTextChars)
    if (typeof value === 'function') return `function ${value.name || 'anonymous'}`
    if (typeof value === 'object' && value !== null) return clip(JSON.stringify(value), limits.errorTextChars)
    return String(value)
  } catch {
    // A cycle, a throwing toJSON, a revoked proxy: its type is all that can be said.
    return `a value of type ${typeof value} that cannot be shown`
  }
}

function isErrorLike(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  try {
    if (value instanceof Error) return true
    return Object.prototype.toString.call(value) === '[object DOMException]'
  } catch {
    // A proxy whose traps throw.
    return false
  }
}

function cloneDetails(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    const text = JSON.stringify(value)
    if (text === undefined || text.length > limits.errorTextChars || text === '{}') return undefined
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // Details that are no plain data cannot travel; the error itself does.
    return undefined
  }
}

/** Members of an AggregateError; undefined where it has none. */
function readMembers(thrown: object): unknown[] | undefined {
  try {
    const errors: unknown = Reflect.get(thrown, 'errors')
    if (!Array.isArray(errors)) return undefined
    const length = Math.min(errors.length, limits.errorAggregateMembers)
    return Array.from({ length }, (_, index) => read(errors, String(index)))
  } catch {
    // A revoked proxy or an evil getter in place of the list: the error itself still matters.
    return undefined
  }
}

/** Turns anything thrown into a record. Never throws. */
export function toRecord(thrown: unknown): ErrorRecord {
  return recordOf(thrown, 0, { left: limits.errorRecords })
}

/** @param budget shared by all causes and members: aggregates of aggregates grow by 16 with each level. */
function recordOf(thrown: unknown, depth: number, budget: { left: number }): ErrorRecord {
  budget.left -= 1
  if (!isErrorLike(thrown)) return { name: 'NonError', message: describeNonError(thrown), nonError: true }
  const record: ErrorRecord = {
    name: readText(thrown, 'name') ?? 'Error',
    message: readText(thrown, 'message') ?? '',
  }
  const code = read(thrown, 'code')
  if (typeof code === 'string' || typeof code === 'number') record.code = clip(String(code), limits.errorTextChars)
  const stack = readText(thrown, 'stack')
  if (stack !== undefined) record.stack = stack
  const kernel = readText(thrown, 'kernel')
  if (kernel !== undefined) record.kernel = kernel
  const hint = readText(thrown, 'hint')
  if (hint !== undefined) record.hint = hint
  const details = cloneDetails(read(thrown, 'details'))
  if (details !== undefined) record.details = details
  if (isForeign(thrown)) record.foreign = true
  if (depth >= limits.errorCauseDepth) return record
  const cause = read(thrown, 'cause')
  if (cause !== undefined && budget.left > 0) record.cause = recordOf(cause, depth + 1, budget)
  const members = readMembers(thrown)
  if (members === undefined) return record
  record.errors = []
  for (const member of members) if (budget.left > 0) record.errors.push(recordOf(member, depth + 1, budget))
  return record
}

/**
 * Rebuilds an error from its record: ours as LazaretError, native ones as their class, others as Error with their name.
 * The result is marked as foreign, see isForeign.
 */
export function fromRecord(record: ErrorRecord): Error {
  const cause = record.cause === undefined ? undefined : fromRecord(record.cause)
  const withCause = cause === undefined ? {} : { cause }
  let error: Error
  if (record.name === 'LazaretError' && isErrorCode(record.code)) {
    error = new LazaretError(record.code, record.message, {
      ...withCause,
      ...(record.kernel === undefined ? {} : { kernel: record.kernel }),
      ...(record.details === undefined ? {} : { details: record.details }),
      ...(record.hint === undefined ? {} : { hint: record.hint }),
    })
  } else {
    if (record.errors !== undefined) {
      error = new AggregateError(record.errors.map(fromRecord), record.message)
    } else {
      const Class = nativeClasses.get(record.name) ?? Error
      error = new Class(record.message)
    }
    if (error.name !== record.name) hidden(error, 'name', record.name)
    if (record.code !== undefined) Object.assign(error, { code: record.code })
    if (record.details !== undefined) Object.assign(error, { details: record.details })
    if (cause !== undefined) hidden(error, 'cause', cause)
  }
  if (record.stack !== undefined) hidden(error, 'stack', record.stack)
  foreignErrors.add(error)
  return error
}

function hidden(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true })
}

/** `TypeError: x is not a function`, with the causes after it, on one line. */
export function describeRecord(record: ErrorRecord): string {
  const own = `${record.nonError ? 'thrown value' : record.name}${record.code ? ` [${record.code}]` : ''}: ${record.message}`
  return record.cause === undefined ? own : `${own} <- ${describeRecord(record.cause)}`
}

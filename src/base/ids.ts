/** Names: of kernels (one spelling everywhere, on disk too), and of things that the runtime makes. */
import { randomUUID } from 'node:crypto'
import { limits } from './limits.ts'

const kernelIdPattern = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/

/** Names that mean something to JavaScript objects, to a file system, or to the runtime itself. */
const reservedNames: ReadonlySet<string> = new Set([
  ...['constructor', 'prototype', 'hasownproperty', 'tostring', 'valueof', 'tojson', 'then', 'toString', '__proto__'],
  ...['con', 'prn', 'aux', 'nul', 'com1', 'com2', 'com3', 'com4', 'lpt1', 'lpt2', 'lpt3', 'lpt4'],
  ...['host', 'runtime', 'lazaret', 'all', 'self', 'default', 'undefined', 'null', 'true', 'false'],
])

export const kernelIdRule = `lower-case words joined by _ or -, ${limits.kernelIdChars} characters at most, no reserved word`

/** Undefined where the id is fine, else what is wrong with it. */
export function kernelIdProblem(id: string): string | undefined {
  if (id.length > limits.kernelIdChars) return `it has ${id.length} characters`
  if (!kernelIdPattern.test(id)) return 'its characters or their order are not accepted'
  if (reservedNames.has(id)) return 'it is a reserved word'
  return undefined
}

/** Names that a ref must not send: promises and JSON ask for them on their own. */
export const reservedMethods: ReadonlySet<string> = new Set(['then', 'toJSON', 'constructor'])

/** A unique id, sortable by its millisecond, such as `inc_01995f2c-...`: a UUID of version 7 (RFC 9562, 5.7). */
export function newId(prefix: 'inc' | 'task' | 'fix' | 'run'): string {
  // crypto.randomUUIDv7 came with Node 24.16 and 26.1, after the oldest version that is supported.
  const time = Date.now().toString(16).padStart(12, '0')
  return `${prefix}_${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** `20261124T041503123Z`: a time as a part of a folder's name, to the millisecond, sortable. */
export function timestampName(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:.]/g, '')
}

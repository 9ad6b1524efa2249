/** A value as text, where it is a JSON value to its last member; else an error that names the member. */
import { refusal } from './store.ts'

const limits = { depth: 64, chars: 262_144 }

function refuse(path: string, got: string): never {
  throw refusal('INVALID_ARGUMENT', `A record holds JSON values only. ${path} is ${got}.`)
}

function needJson(value: unknown, path: string, depth: number): void {
  if (depth > limits.depth) refuse(path, `nested deeper than ${limits.depth} levels, or contains itself`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value !== 'object') refuse(path, typeof value === 'number' ? String(value) : typeof value)
  if (Array.isArray(value)) {
    for (const [index, member] of value.entries()) needJson(member, `${path}[${index}]`, depth + 1)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // JSON would make {} of a Map and text of a Date, without a word.
  if (prototype !== null && prototype !== Object.prototype) refuse(path, `a ${value.constructor.name}`)
  for (const [key, member] of Object.entries(value)) {
    // A member that is undefined is one that is not there; JSON takes it so, too.
    if (member !== undefined) needJson(member, `${path}.${key}`, depth + 1)
  }
}

export function toJson(value: unknown): string {
  needJson(value, 'value', 0)
  const text = JSON.stringify(value)
  if (text.length <= limits.chars) return text
  throw refusal('INVALID_ARGUMENT', `A record has ${limits.chars} characters of JSON at most. Got: ${text.length}`)
}

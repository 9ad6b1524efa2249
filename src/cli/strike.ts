/**
 * What looks like a secret, struck out of a value that keeps its shape: a map stays a map, a date a date. base/redact.ts
 * knows what looks like one; it describes values for people, and this keeps them fit to be handed to a kernel.
 */
import { isSecretKey, redacted, redactText } from '../base/redact.ts'

export interface Struck<T> {
  readonly value: T
  /** Texts and numbers that are something else now. */
  readonly count: number
}

/** Bytes, errors and regular expressions are left as they are. Nothing of the value given is changed. */
export function strikeSecrets<T>(value: T): Struck<T> {
  const striker = new Striker()
  const struck = striker.copy(value, false) as T
  return { value: struck, count: striker.count }
}

class Striker {
  count = 0
  /** A value may lead to itself, and to one thing twice. */
  readonly #copies = new Map<object, unknown>()

  /** @param isSecret it lies under a key such as `password`. */
  copy(value: unknown, isSecret: boolean): unknown {
    if (typeof value === 'string') return this.#text(value, isSecret)
    if (isSecret && (typeof value === 'number' || typeof value === 'bigint')) {
      this.count += 1
      return typeof value === 'number' ? 0 : 0n
    }
    if (typeof value !== 'object' || value === null) return value
    return this.#copies.has(value) ? this.#copies.get(value) : this.#object(value, isSecret)
  }

  #text(text: string, isSecret: boolean): string {
    const struck = isSecret && text !== '' ? redacted : redactText(text)
    if (struck !== text) this.count += 1
    return struck
  }

  #object(value: object, isSecret: boolean): unknown {
    if (Array.isArray(value)) return this.#list(value, isSecret)
    if (value instanceof Map) {
      const copy = this.#keep(value, new Map())
      for (const [key, item] of value) copy.set(this.copy(key, false), this.copy(item, isSecret || isSecretName(key)))
      return copy
    }
    if (value instanceof Set) {
      const copy = this.#keep(value, new Set())
      for (const item of value) copy.add(this.copy(item, isSecret))
      return copy
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return value
    const copy: object = this.#keep(value, {})
    for (const [key, item] of Object.entries(value)) {
      const struck = this.copy(item, isSecret || isSecretKey(key))
      // A key `__proto__` stays a key.
      const property = { value: struck, enumerable: true, configurable: true, writable: true }
      Object.defineProperty(copy, this.#text(key, false), property)
    }
    return copy
  }

  #list(value: unknown[], isSecret: boolean): unknown[] {
    const copy = this.#keep(value, new Array<unknown>(value.length))
    // A pair that names its own value, as in the entries of a map.
    const isPair = value.length === 2 && isSecretName(value[0]) && typeof value[1] === 'string'
    for (const key of Object.keys(value)) {
      const index = Number(key)
      copy[index] = this.copy(value[index], isSecret || (isPair && index === 1))
    }
    return copy
  }

  #keep<T>(value: object, copy: T): T {
    this.#copies.set(value, copy)
    return copy
  }
}

function isSecretName(key: unknown): boolean {
  return typeof key === 'string' && isSecretKey(key)
}

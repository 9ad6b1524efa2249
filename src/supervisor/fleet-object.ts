/**
 * A fleet handed in as an object becomes the same plain data that YAML gives: a copy that its maker can no longer
 * change, without accessors, classes, functions and cycles. It does not know what the keys mean.
 */
import { type InputProblem, InputRefusal, type KeyPath, showValue } from '../base/input-problem.ts'
import { limits } from '../base/limits.ts'

type Copied = { readonly value: unknown } | { readonly problem: InputProblem }

/** Never throws, whatever it is given. Keys whose value is undefined count as absent. */
export function plainCopy(input: unknown): Copied {
  try {
    return { value: new Copier().copy(input, []) }
  } catch (thrown) {
    if (thrown instanceof InputRefusal) return { problem: thrown.problem }
    // A getter or a proxy of the caller's own threw while it was read.
    const problem = {
      path: [],
      accepted: 'an object that can be read',
      got: `an object that throws ${showValue(thrown instanceof Error ? thrown.message : thrown)} when it is read`,
      advice: 'Hand in plain data, as JSON.parse returns it.',
    }
    return { problem }
  }
}

class Copier {
  #entries = 0
  readonly #above = new Set<object>()

  copy(value: unknown, path: KeyPath): unknown {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (typeof value !== 'object') throw notPlain(value, path)
    if (this.#above.has(value)) throw refused(path, 'data without cycles', 'a part that holds itself')
    if (path.length > limits.yamlDepth) throw refused([], `at most ${limits.yamlDepth} levels deep`, 'more levels')
    this.#above.add(value)
    const copied = Array.isArray(value) ? this.#copyList(value, path) : this.#copySection(value, path)
    this.#above.delete(value)
    return copied
  }

  #copyList(list: readonly unknown[], path: KeyPath): unknown[] {
    this.#count(list.length)
    return Array.from(list, (item, index) => this.copy(item, [...path, index]))
  }

  #copySection(section: object, path: KeyPath): Record<string, unknown> {
    const prototype: unknown = Object.getPrototypeOf(section)
    // An object of another realm has another Object.prototype, whose own prototype is null all the same.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw notPlain(section, path)
    const copied: Record<string, unknown> = {}
    const keys = Object.keys(section)
    this.#count(keys.length)
    for (const key of keys) {
      if (key === '__proto__') throw refused(path, 'data without the key __proto__', 'that key')
      const value: unknown = Reflect.get(section, key)
      if (value !== undefined) copied[key] = this.copy(value, [...path, key])
    }
    return copied
  }

  #count(more: number): void {
    this.#entries += more
    if (this.#entries <= limits.objectEntries) return
    throw refused([], `of ${limits.objectEntries} keys and items or fewer`, `${this.#entries} or more`)
  }
}

function refused(path: KeyPath, accepted: string, got: string): InputRefusal {
  return new InputRefusal({ path, accepted, got, advice: 'Hand in plain data, as JSON.parse returns it.' })
}

function notPlain(value: unknown, path: KeyPath): InputRefusal {
  const accepted = 'text, a finite number, true, false, null, a list or a plain object'
  const name = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value)?.constructor?.name : undefined
  return refused(path, accepted, typeof name === 'string' ? `a ${name}` : showValue(value))
}

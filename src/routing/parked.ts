/**
 * Which messages of one kernel are refused, because they crash it: single ones, known by the hash of their arguments, and
 * patterns of them. A kernel that has none pays nothing for it; one that has pays for those of the message's own method.
 * It is told what to refuse, and forgets it with the process: the journal knows.
 */
import { serialize } from 'node:v8'
import { sha256 } from '../base/hash.ts'
import { describePattern, type MessagePattern, matchesPattern, patternKey } from '../base/message-pattern.ts'

/** One hash for an argument list; the same list gives the same bytes. Undefined where it is nested too deeply for one. */
export function hashArgs(args: readonly unknown[]): string | undefined {
  try {
    return sha256(serialize(args))
  } catch {
    // It could be posted, with a little more stack left; such a message is never parked.
    return undefined
  }
}

export class Parked {
  /** By method: hashes of arguments. */
  readonly #messages = new Map<string, Set<string>>()
  /** By method, then by their keys. */
  readonly #patterns = new Map<string, Map<string, MessagePattern>>()

  add(method: string, argsSha256: string): void {
    const hashes = this.#messages.get(method) ?? new Set()
    hashes.add(argsSha256)
    this.#messages.set(method, hashes)
  }

  delete(method: string, argsSha256: string): void {
    const hashes = this.#messages.get(method)
    hashes?.delete(argsSha256)
    if (hashes?.size === 0) this.#messages.delete(method)
  }

  addPattern(pattern: MessagePattern): void {
    const patterns = this.#patterns.get(pattern.method) ?? new Map()
    patterns.set(patternKey(pattern), pattern)
    this.#patterns.set(pattern.method, patterns)
  }

  deletePattern(pattern: MessagePattern): void {
    const patterns = this.#patterns.get(pattern.method)
    patterns?.delete(patternKey(pattern))
    if (patterns?.size === 0) this.#patterns.delete(pattern.method)
  }

  /** In words, without secrets. */
  get patterns(): string[] {
    return [...this.#patterns.values()].flatMap((patterns) => [...patterns.values()].map(describePattern))
  }

  /** What of the message is parked, in words; undefined where it may be handled. */
  whyRefused(method: string, args: readonly unknown[]): string | undefined {
    if (this.#messages.size === 0 && this.#patterns.size === 0) return undefined
    const hashes = this.#messages.get(method)
    const hash = hashes && hashArgs(args)
    if (hash !== undefined && hashes?.has(hash)) return 'with these arguments is parked: it crashed the kernel'
    for (const pattern of this.#patterns.get(method)?.values() ?? []) {
      if (!matchesPattern(pattern, method, args)) continue
      return `is parked for messages like this one, because they crash the kernel: ${describePattern(pattern)}`
    }
    return undefined
  }
}

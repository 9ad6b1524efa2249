/**
 * What the flight recorder keeps its references in: a queue that forgets its oldest entries past a number of entries or
 * bytes, and the rough size that is counted for each. It looks at values and changes none.
 */
import { limits } from '../base/limits.ts'

export interface Slot<T> {
  readonly value: T
  bytes: number
}

/** A queue over a circular buffer: adding at the end and dropping from the front cost the same at any length. */
export class BoundedRing<T> {
  readonly #slots: (Slot<T> | undefined)[]
  #head = 0
  #count = 0
  #bytes = 0
  readonly #onDrop: (value: T) => void

  constructor(onDrop: (value: T) => void) {
    this.#slots = new Array(limits.recorderMessages).fill(undefined)
    this.#onDrop = onDrop
  }

  add(value: T, bytes: number): Slot<T> {
    while (this.#count > 0 && (this.#count === this.#slots.length || this.#bytes + bytes > limits.recorderBytes)) {
      this.#dropOldest()
    }
    const slot = { value, bytes }
    this.#slots[(this.#head + this.#count) % this.#slots.length] = slot
    this.#count += 1
    this.#bytes += bytes
    return slot
  }

  /** More is held with an entry that is still here; the newest one stays however large it grows. */
  grow(slot: Slot<T>, bytes: number): void {
    slot.bytes += bytes
    this.#bytes += bytes
    while (this.#count > 1 && this.#bytes > limits.recorderBytes) this.#dropOldest()
  }

  #dropOldest(): void {
    const oldest = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#slots.length
    this.#count -= 1
    if (oldest === undefined) return
    this.#bytes -= oldest.bytes
    this.#onDrop(oldest.value)
  }

  clear(): void {
    this.#slots.fill(undefined)
    this.#head = 0
    this.#count = 0
    this.#bytes = 0
  }

  list(): T[] {
    const values: T[] = []
    for (let index = 0; index < this.#count; index += 1) {
      const slot = this.#slots[(this.#head + index) % this.#slots.length]
      if (slot !== undefined) values.push(slot.value)
    }
    return values
  }
}

/** Values looked at by one estimate: enough to see a large message, few enough to cost nothing. */
const estimateVisits = 32

/** A rough size in bytes, from a bounded look. Deep or wide values come out too small; evidence() bounds them exactly. */
export function estimateBytes(values: readonly unknown[]): number {
  let visits = estimateVisits
  const size = (value: unknown): number => {
    visits -= 1
    if (typeof value === 'string') return value.length + 8
    if (typeof value !== 'object' || value === null) return 8
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength + 16
    if (value instanceof Map || value instanceof Set) return 16 + value.size * 32
    if (visits <= 0) return 64
    if (Array.isArray(value)) {
      const seen = Math.min(value.length, visits, 8)
      let bytes = 0
      for (let index = 0; index < seen; index += 1) bytes += size(value[index])
      return 16 + (seen === 0 ? 0 : (bytes / seen) * value.length)
    }
    let bytes = 16
    for (const key in value) {
      bytes += key.length + size(Reflect.get(value, key))
      if (visits <= 0) break
    }
    return bytes
  }
  try {
    let total = 64
    for (const value of values) total += size(value)
    return total
  } catch {
    // A getter or a proxy that throws could not have been posted; its size is of no interest.
    return 64
  }
}

/**
 * Many deadlines, one timer. Entries sit in a binary heap; one that is settled early is skipped when it comes up, so
 * settling costs nothing. It keeps no event loop alive by itself when `unref` timers are handed in.
 */
import type { Clock } from './clock.ts'
import { limits } from './limits.ts'

export interface DeadlineEntry {
  /** Monotonic milliseconds. */
  readonly deadlineAt: number
  /** True once it no longer matters. */
  settled: boolean
  expire(): void
}

export class DeadlineQueue {
  readonly #clock: Clock
  #heap: DeadlineEntry[] = []
  #timer: unknown
  #timerAt = Number.POSITIVE_INFINITY
  #settledInHeap = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(entry: DeadlineEntry): void {
    this.#heap.push(entry)
    this.#siftUp(this.#heap.length - 1)
    if (entry.deadlineAt < this.#timerAt) this.#arm(entry.deadlineAt)
  }

  /** To be called once for each entry settled early, so that a heap of dead entries is rebuilt now and then. */
  noteSettled(): void {
    this.#settledInHeap += 1
    if (this.#settledInHeap < 1024 || this.#settledInHeap * 2 < this.#heap.length) return
    this.#heap = this.#heap.filter((entry) => !entry.settled).sort((a, b) => a.deadlineAt - b.deadlineAt)
    this.#settledInHeap = 0
  }

  /** Forgets every entry and the timer. Entries are not expired: their owner settles them. */
  clear(): void {
    this.#heap = []
    this.#settledInHeap = 0
    this.#disarm()
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  #arm(deadlineAt: number): void {
    this.#disarm()
    this.#timerAt = deadlineAt
    // A timer for a far deadline comes up early, finds nothing due and is set again.
    const delayMs = Math.min(limits.timerMs, Math.max(0, deadlineAt - this.#clock.monotonicMs()))
    this.#timer = this.#clock.setTimeout(() => this.#fire(), delayMs)
  }

  #fire(): void {
    this.#disarm()
    const now = this.#clock.monotonicMs()
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined) return
      if (!first.settled && first.deadlineAt > now) {
        this.#arm(first.deadlineAt)
        return
      }
      this.#removeFirst()
      if (first.settled) this.#settledInHeap = Math.max(0, this.#settledInHeap - 1)
      else first.expire()
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#siftDown(0)
  }

  #siftUp(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#at(parent) <= this.#at(index)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #siftDown(start: number): void {
    let index = start
    for (;;) {
      const left = index * 2 + 1
      const right = left + 1
      let least = index
      if (left < this.#heap.length && this.#at(left) < this.#at(least)) least = left
      if (right < this.#heap.length && this.#at(right) < this.#at(least)) least = right
      if (least === index) return
      this.#swap(index, least)
      index = least
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.deadlineAt ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a] as DeadlineEntry
    this.#heap[a] = this.#heap[b] as DeadlineEntry
    this.#heap[b] = one
  }
}

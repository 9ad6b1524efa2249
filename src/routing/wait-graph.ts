/**
 * Who waits for whom, so that an ask that would wait on itself fails at once instead of at its deadline. A kernel can go
 * on while it has a free hand; it is stuck when each of its hands waits for somebody. An ask closes a cycle when its
 * target is stuck, through whatever chain, on the kernel that asks. The search walks only along stuck kernels, so it
 * costs nothing on the common path.
 */

interface Waiter {
  /** Messages handled at once; while it starts, one. */
  readonly concurrency: () => number
  /** By mailbox number of the message being handled (0: start()): the kernels asked and not answered yet. */
  readonly waits: Map<number, string[]>
}

export class WaitGraph {
  readonly #waiters = new Map<string, Waiter>()

  add(kernel: string, concurrency: () => number): void {
    this.#waiters.set(kernel, { concurrency, waits: new Map() })
  }

  /**
   * Notes that `from` asks `to` while it handles message `during`. Returns the cycle (first and last are the same
   * kernel) where this would close one; then nothing is noted.
   */
  wait(from: string, during: number, to: string): string[] | undefined {
    const waiter = this.#waiters.get(from)
    if (waiter === undefined) return undefined
    const asked = waiter.waits.get(during) ?? []
    waiter.waits.set(during, [...asked, to])
    const path = this.#isStuck(from) ? this.#path(to, from, new Set()) : undefined
    if (path === undefined) return undefined
    this.done(from, during, to)
    return [from, ...path]
  }

  done(from: string, during: number, to: string): void {
    const waits = this.#waiters.get(from)?.waits
    const asked = waits?.get(during)
    if (waits === undefined || asked === undefined) return
    const index = asked.indexOf(to)
    if (index === -1) return
    if (asked.length === 1) waits.delete(during)
    else waits.set(during, asked.toSpliced(index, 1))
  }

  /** The message (0: start()) is finished: what it still asks is waited for by nobody's hand. */
  finished(kernel: string, during: number): void {
    this.#waiters.get(kernel)?.waits.delete(during)
  }

  /** The instance is gone, and with it all its waiting. */
  forget(kernel: string): void {
    this.#waiters.get(kernel)?.waits.clear()
  }

  #isStuck(kernel: string): boolean {
    const waiter = this.#waiters.get(kernel)
    if (waiter === undefined) return false
    return waiter.waits.has(0) || waiter.waits.size >= waiter.concurrency()
  }

  #path(from: string, goal: string, seen: Set<string>): string[] | undefined {
    if (from === goal) return [goal]
    if (seen.has(from) || !this.#isStuck(from)) return undefined
    seen.add(from)
    for (const asked of this.#waiters.get(from)?.waits.values() ?? []) {
      for (const next of asked) {
        const rest = this.#path(next, goal, seen)
        if (rest !== undefined) return [from, ...rest]
      }
    }
    return undefined
  }
}

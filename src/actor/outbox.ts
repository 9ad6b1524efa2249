/**
 * What leaves a kernel's thread: posts to the host, counted, and lines of its log. A thread has more stack than the host,
 * so a value nested thousands of levels deep can be written here and not be read there; what was posted last is
 * remembered by its number, so that such a loss gets a name. It knows nothing of kernels.
 */
import type { Transferable } from 'node:worker_threads'
import { toRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import type { LineMessage, LogLine, ThreadMessage, ThreadPorts } from './protocol.ts'
import { word } from './protocol.ts'

export type Sent = Extract<ThreadMessage, { t: 'send' }>

/** A post with values of the kernel's, without them. */
export type Remembered = { readonly nth: number } & (
  | { readonly handled: number }
  | { readonly sent: Sent }
  | { readonly unread: (cause: Error) => void }
)

export class Outbox {
  readonly #ports: ThreadPorts
  readonly #page: Int32Array
  #count = 0
  /** As many as the host may have left unread. */
  readonly #last: (Remembered | undefined)[] = new Array(limits.outboxPosts)

  constructor(ports: ThreadPorts, page: Int32Array) {
    this.#ports = ports
    this.#page = page
  }

  /** @param mayWait false where the thread is about to leave. @throws what postMessage throws for the values. */
  post(message: ThreadMessage, mayWait = true, moved: readonly Transferable[] = []): void {
    this.#ports.data.postMessage(message, moved as Transferable[])
    this.#count += 1
    this.#ring()
    this.#keepPace(word.posted, word.taken, mayWait)
  }

  /** A sender faster than the host waits here; its posts are kept, and the host's memory stays bounded. */
  #keepPace(posted: number, taken: number, mayWait: boolean): void {
    const read = Atomics.load(this.#page, taken)
    const unread = Atomics.add(this.#page, posted, 1) + 1 - read
    if (unread > limits.outboxPosts && mayWait) Atomics.wait(this.#page, taken, read, limits.outboxWaitMs)
  }

  /** @throws what postMessage throws for the arguments. */
  send(sent: Sent, args: readonly unknown[]): void {
    this.post({ ...sent, args })
    if (args.length > 0) this.#remember({ nth: this.#count, sent })
  }

  /** The value that message `n` was answered with. @throws what postMessage throws for it. */
  reply(n: number, value: unknown): void {
    this.post({ t: 'handled', n, value })
    if (typeof value === 'object') this.#remember({ nth: this.#count, handled: n })
  }

  /** @param unread told where the host could not read it. @throws what postMessage throws for the values. */
  say(message: LineMessage, unread?: (cause: Error) => void): void {
    this.post(message, true, message.t === 'line' ? message.moved : undefined)
    if (unread !== undefined) this.#remember({ nth: this.#count, unread })
  }

  #remember(posted: Remembered): void {
    this.#last[posted.nth % limits.outboxPosts] = posted
  }

  /** The post of this number, counted from 1, where it had values and is one of the last. */
  recall(nth: number): Remembered | undefined {
    const posted = this.#last[nth % limits.outboxPosts]
    return posted?.nth === nth ? posted : undefined
  }

  log(level: LogLine['level'], msg: string, facts?: Record<string, unknown>): void {
    const line: LogLine = { level, time: Date.now(), msg: msg.slice(0, limits.logLineChars) }
    try {
      this.#ports.log.postMessage(facts === undefined ? line : { ...line, facts })
    } catch {
      // Facts that cannot be copied are shown as text: the line itself must not be lost.
      this.#ports.log.postMessage({ ...line, facts: { unclonable: toRecord(facts).message } })
    }
    this.#ring()
    this.#keepPace(word.logPosted, word.logTaken, true)
  }

  #ring(): void {
    if (Atomics.exchange(this.#page, word.hostSleeps, 0) === 1) this.#ports.doorbell.postMessage(0)
  }
}

/**
 * What a thread has said, read by the host: by pull, with a budget, from two ports in turn. A 'message' listener would
 * let a flooding thread starve the host's loop (6 of 389 timer ticks, FACTS 0.5).
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import type { LogLine, ThreadMessage } from './protocol.ts'
import { word } from './protocol.ts'

export interface InboxPorts {
  readonly data: MessagePort
  readonly log: MessagePort
  readonly page: Int32Array
  /** Neither may throw. */
  onMessage(message: ThreadMessage): void
  onLog(line: LogLine): void
  /** The thread's nth post, counted from 1, could not be read. */
  onUnreadable(nth: number): void
}

export class Inbox {
  readonly #ports: InboxPorts
  #draining = false
  #closed = false
  /** Posts taken; the page has the same number, but a kernel can write to that. */
  #taken = 0

  constructor(ports: InboxPorts) {
    this.#ports = ports
    Atomics.store(ports.page, word.hostSleeps, 1)
  }

  /** Takes what the thread has said, within a budget, and comes back in the next turn if there is more. */
  drain(): void {
    if (this.#draining || this.#closed) return
    this.#draining = true
    const more = this.#takeSome(limits.drainPosts, limits.drainMs)
    this.#draining = false
    if (more) {
      setImmediate(() => this.drain())
      return
    }
    Atomics.store(this.#ports.page, word.hostSleeps, 1)
    // Said between the last look and the line above: nobody would ring for it.
    if (this.#takeSome(1, limits.drainMs)) setImmediate(() => this.drain())
  }

  /** Takes everything: the thread is gone, and nobody adds to it any more. */
  finish(): void {
    let more = true
    while (more) more = this.#takeSome(limits.drainPosts, limits.terminateMs)
    this.#closed = true
  }

  /** True where the budget was used up. */
  #takeSome(posts: number, ms: number): boolean {
    const { data, log, onLog, page } = this.#ports
    const until = systemClock.monotonicMs() + ms
    for (let count = 0; count < posts; count++) {
      const said = receive(data)
      const line = receive(log)
      if (said === undefined && line === undefined) return false
      if (line !== undefined) {
        noteTaken(page, word.logTaken)
        onLog(line === 'unreadable' ? unreadableLine() : (line.message as LogLine))
      }
      if (said !== undefined) this.#take(said)
      if ((count & 15) === 15 && systemClock.monotonicMs() > until) return true
    }
    return true
  }

  #take(said: { message: unknown } | 'unreadable'): void {
    this.#taken += 1
    noteTaken(this.#ports.page, word.taken)
    if (said === 'unreadable') this.#ports.onUnreadable(this.#taken)
    else this.#ports.onMessage(said.message as ThreadMessage)
  }
}

function noteTaken(page: Int32Array, counter: number): void {
  Atomics.add(page, counter, 1)
  Atomics.notify(page, counter)
}

/** Unreadable: nested too deeply for the stack of this thread (FACTS A2). It has left the port all the same. */
function receive(port: MessagePort): { message: unknown } | 'unreadable' | undefined {
  try {
    return receiveMessageOnPort(port)
  } catch {
    // The caller tells the sender, which knows what it was.
    return 'unreadable'
  }
}

function unreadableLine(): LogLine {
  const msg = 'A line of the log is missing: its facts are nested too deeply to be read.'
  return { level: 40, time: Date.now(), msg }
}

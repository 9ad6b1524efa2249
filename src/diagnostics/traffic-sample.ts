/**
 * The first messages that a kernel was given after a moment whose state is known, with their replies: what a repair must
 * not change, if the kernel turns out to have been healthy. It holds references and stops at its bounds; whether the
 * kernel was healthy is the supervisor's to say.
 */
import { limits } from '../base/limits.ts'
import type { HoldOut } from '../base/remedy.ts'
import { estimateBytes } from './bounded-ring.ts'
import { type AskEntry, type MessageEntry, type Sample, serializeAsks, serializeFromFirst } from './traffic.ts'

export class TrafficSample implements Sample {
  readonly #state: Uint8Array | undefined
  readonly #messages: MessageEntry[] = []
  readonly #asks: AskEntry[] = []
  #bytes: number
  #isFull = false

  /** @param state v8.serialize of the state at this moment; absent where there is none. */
  constructor(state: Uint8Array | undefined) {
    this.#state = state
    this.#bytes = state?.byteLength ?? 0
    if (this.#bytes > limits.holdOutBytes) this.#isFull = true
  }

  /** It takes no more messages. */
  get isFull(): boolean {
    return this.#isFull
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  delivered(entry: MessageEntry): void {
    if (this.#isFull) return
    if (this.#messages.length >= limits.holdOutMessages || !this.takes(estimateBytes(entry.args))) {
      this.#isFull = true
      return
    }
    entry.sample = this
    this.#messages.push(entry)
  }

  /** Asks may come after the last message was taken: it is still being handled. */
  asked(entry: AskEntry): void {
    if (this.#isFull && this.finished.length === this.#messages.length) return
    if (this.#asks.length >= limits.recorderMessages || !this.takes(estimateBytes(entry.args))) {
      this.cut()
      return
    }
    entry.sample = this
    this.#asks.push(entry)
  }

  takes(bytes: number): boolean {
    if (this.#bytes + bytes > limits.holdOutBytes) return false
    this.#bytes += bytes
    return true
  }

  cut(): void {
    this.#messages.length = this.finished.length
    this.#isFull = true
  }

  /** Messages from the first on that have been handled to their end. */
  get finished(): readonly MessageEntry[] {
    const open = this.#messages.findIndex(({ isFinished }) => !isFinished)
    return open === -1 ? this.#messages : this.#messages.slice(0, open)
  }

  /** Serialises it; undefined where nothing in it can be compared. */
  holdOut(config: Record<string, unknown>): HoldOut | undefined {
    const state = this.#state
    const room = limits.holdOutBytes - (state?.byteLength ?? 0)
    const begun = this.finished.filter(({ isSkipped }) => !isSkipped)
    const { messages, bytes } = serializeFromFirst(begun, room)
    if (!messages.some(({ reply }) => reply !== undefined)) return undefined
    const replies = serializeAsks(this.#asks, Math.max(0, room - bytes))
    return { config, ...(state === undefined ? {} : { state }), messages, replies }
  }
}

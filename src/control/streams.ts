/**
 * Answers that go on: one mechanism for everything that a connection follows. Each is begun by a request, has an item a
 * line, and ends with `cancel`, or with the connection. A reader that does not read is cut off: the runtime buffers for
 * nobody.
 */
import type { Socket } from 'node:net'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { EventStream } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { type LogTailOptions, logTailOptions } from '../supervisor/log-tail.ts'
import type { ControlReply, ControlRequest, StreamOp } from './protocol.ts'

type Params = ControlRequest['params']

/** Begins to hand out items; returns the function that ends it. @throws LazaretError where it cannot. */
type Begin = (params: Params, push: (item: unknown) => void) => () => void
export type ControlStreams = Readonly<Record<StreamOp, Begin>>

export interface Followable {
  followLogs(options: LogTailOptions, onLine: (text: string) => void): () => void
}

export function controlStreams(runtime: Followable, events: EventStream): ControlStreams {
  return {
    events: (_params, push) => events.on(push),
    logLines: (params, push) => runtime.followLogs(logTailOptions(params), push),
  }
}

/** What one connection follows. */
export class OpenStreams {
  readonly #socket: Socket
  readonly #streams: ControlStreams
  readonly #open = new Map<number, () => void>()
  #corked = false

  constructor(socket: Socket, streams: ControlStreams) {
    this.#socket = socket
    this.#streams = streams
  }

  begin(op: StreamOp, { id, params }: Pick<ControlRequest, 'id' | 'params'>): void {
    try {
      if (this.#open.has(id)) throw refused(`The request ${id} is under way already.`)
      if (this.#open.size >= limits.controlStreams) {
        throw refused(`A connection follows ${limits.controlStreams} streams at most.`)
      }
      // Before the first item, which may come at once.
      this.#open.set(id, () => {})
      this.#open.set(
        id,
        this.#streams[op](params, (item) => this.#push({ id, item })),
      )
    } catch (thrown) {
      this.#open.delete(id)
      this.#write({ id, error: toRecord(thrown) })
    }
  }

  /** Ends the stream of that request: it gets its last answer, and so does the request to cancel it. */
  cancel({ id, params }: Pick<ControlRequest, 'id' | 'params'>): void {
    const of = typeof params.request === 'number' ? params.request : -1
    const off = this.#open.get(of)
    off?.()
    if (this.#open.delete(of)) this.#write({ id: of, result: null })
    this.#write({ id, result: off !== undefined })
  }

  close(): void {
    for (const off of this.#open.values()) off()
    this.#open.clear()
  }

  #push(reply: ControlReply): void {
    if (this.#socket.writableLength > limits.controlLineBytes) {
      this.#socket.destroy()
      return
    }
    // What comes in one turn leaves in one piece.
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#socket.uncork()
      })
    }
    this.#write(reply)
  }

  #write(reply: ControlReply): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(reply)}\n`)
  }
}

function refused(text: string): LazaretError {
  return new LazaretError('CONTROL_FAILED', text, {
    hint: 'Cancel one: { op: "cancel", params: { request: <its id> } }.',
  })
}

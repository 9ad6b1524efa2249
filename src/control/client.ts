/** The other end of the control socket: connects, asks, follows. */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type ErrorRecord, fromRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { controlSocketPath } from './path.ts'
import type { ControlOp, StreamOp } from './protocol.ts'

type AnyReply = { id: number; result?: unknown; error?: ErrorRecord; item?: unknown }

function gone(): LazaretError {
  return new LazaretError('CONTROL_FAILED', 'The runtime closed the connection.', { hint: 'Is it still running?' })
}

export interface ControlStream {
  /** Resolves when the stream has ended, by cancel() or with the connection. @throws LazaretError where it was refused. */
  readonly ended: Promise<'cancelled' | 'gone'>
  cancel(): void
}

interface Following {
  onItem(item: unknown): void
  end(how: 'cancelled' | 'gone'): void
  refuse(error: unknown): void
}

export class ControlClient {
  readonly #socket: Socket
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  #nextId = 1
  #closed = false
  readonly #following = new Map<number, Following>()

  private constructor(socket: Socket) {
    this.#socket = socket
    const lines = createInterface({ input: socket })
    lines.on('line', (line) => this.#receive(JSON.parse(line) as AnyReply))
    // The reader repeats the socket's errors; each is followed by 'close', which settles whoever waits.
    for (const source of [socket, lines]) source.on('error', () => undefined)
    socket.on('close', () => {
      this.#closed = true
      for (const { reject } of this.#waiting.values()) reject(gone())
      for (const { end } of this.#following.values()) end('gone')
      this.#waiting.clear()
      this.#following.clear()
    })
  }

  /** @throws LazaretError CONTROL_FAILED where no runtime works in this dataDir. */
  static connect(dataDir: string): Promise<ControlClient> {
    const path = controlSocketPath(dataDir)
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      socket.once('connect', () => resolve(new ControlClient(socket)))
      socket.once('error', (cause) => {
        const { code } = cause as NodeJS.ErrnoException
        const isNobody = code === 'ENOENT' || code === 'ECONNREFUSED'
        const text = isNobody
          ? `No runtime runs in ${dataDir}.`
          : `The runtime at ${path} cannot be reached: ${cause.message}`
        const hint = 'Start one (lazaret run), or name its data directory with --data-dir.'
        reject(new LazaretError('CONTROL_FAILED', text, { cause, hint }))
      })
    })
  }

  ask(op: Exclude<ControlOp, 'events'>, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = this.#nextId++
    if (this.#closed) return Promise.reject(gone())
    const line = JSON.stringify({ id, op, params })
    if (line.length >= limits.controlLineBytes) {
      const text = `The request has ${line.length} bytes, and at most ${limits.controlLineBytes} are accepted.`
      return Promise.reject(new LazaretError('OPTION_INVALID', text))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#socket.write(`${line}\n`)
    })
  }

  /** Calls back for each event until the client is closed. */
  async follow(onEvent: (event: LazaretEvent) => void): Promise<void> {
    await this.stream<LazaretEvent>('events', {}, onEvent).ended
  }

  /** Calls back for each item of a stream. `T` is what the stream is known to consist of. */
  stream<T>(op: StreamOp, params: Record<string, unknown>, onItem: (item: T) => void): ControlStream {
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<'cancelled' | 'gone'>()
    if (this.#closed) {
      resolve('gone')
    } else {
      this.#following.set(id, { onItem: (item) => onItem(item as T), end: resolve, refuse: reject })
      this.#socket.write(`${JSON.stringify({ id, op, params })}\n`)
    }
    const cancel = () => {
      if (this.#closed || !this.#following.has(id)) return
      this.#socket.write(`${JSON.stringify({ id: this.#nextId++, op: 'cancel', params: { request: id } })}\n`)
    }
    return { ended: promise, cancel }
  }

  close(): void {
    this.#socket.end()
  }

  #receive(reply: AnyReply): void {
    const following = this.#following.get(reply.id)
    if (following !== undefined) {
      if (reply.item !== undefined) {
        following.onItem(reply.item)
        return
      }
      this.#following.delete(reply.id)
      if (reply.error === undefined) following.end('cancelled')
      else following.refuse(fromRecord(reply.error))
      return
    }
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (reply.error === undefined) waiting?.resolve(reply.result)
    else waiting?.reject(fromRecord(reply.error))
  }
}

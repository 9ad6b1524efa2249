/** The other end of the control socket: connects, asks, follows. */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type ErrorRecord, fromRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { controlSocketPath } from './path.ts'
import type { ControlOp } from './protocol.ts'

type AnyReply = { id: number; result?: unknown; error?: ErrorRecord; item?: unknown }

function gone(): LazaretError {
  return new LazaretError('CONTROL_FAILED', 'The runtime closed the connection.', { hint: 'Is it still running?' })
}

export class ControlClient {
  readonly #socket: Socket
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  #nextId = 1
  #closed = false
  #onItem: ((event: LazaretEvent) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    const lines = createInterface({ input: socket })
    lines.on('line', (line) => this.#receive(JSON.parse(line) as AnyReply))
    // The reader repeats the socket's errors; each is followed by 'close', which settles whoever waits.
    for (const source of [socket, lines]) source.on('error', () => undefined)
    socket.on('close', () => {
      this.#closed = true
      for (const { reject } of this.#waiting.values()) reject(gone())
      this.#waiting.clear()
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
  follow(onEvent: (event: LazaretEvent) => void): Promise<void> {
    this.#onItem = onEvent
    this.#socket.write(`${JSON.stringify({ id: this.#nextId++, op: 'events', params: {} })}\n`)
    return new Promise((resolve) => this.#socket.once('close', () => resolve()))
  }

  close(): void {
    this.#socket.end()
  }

  #receive(reply: AnyReply): void {
    if (reply.item !== undefined) {
      this.#onItem?.(reply.item as LazaretEvent)
      return
    }
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (reply.error === undefined) waiting?.resolve(reply.result)
    else waiting?.reject(fromRecord(reply.error))
  }
}

/**
 * The control socket of a runtime, an embedded one too. Private to the user (mode 0600); lines, connections and answers
 * are bounded. It offers what the runtime's own methods do, and decides nothing.
 */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { EventStream } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import { controlSocketPath } from './path.ts'
import type { ControlOp, ControlReply, ControlRequest, StreamOp } from './protocol.ts'
import { controlOps, streamOps } from './protocol.ts'
import { type ControlStreams, OpenStreams } from './streams.ts'

type Answer = (params: Readonly<Record<string, unknown>>) => unknown | Promise<unknown>

/** What a runtime offers over its socket; every op but `events`. */
export type ControlTable = Readonly<Record<Exclude<ControlOp, 'events'>, Answer>>

export class ControlServer {
  readonly #server: Server
  readonly #path: string
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, path: string) {
    this.#server = server
    this.#path = path
  }

  /** @throws LazaretError CONTROL_FAILED where the socket cannot be made. */
  static async listen(
    dataDir: string,
    table: ControlTable,
    streams: ControlStreams,
    { emit }: Pick<EventStream, 'emit'>,
  ): Promise<ControlServer> {
    const path = controlSocketPath(dataDir)
    const server = createServer()
    const control = new ControlServer(server, path)
    server.maxConnections = limits.controlConnections
    server.on('connection', (socket) => control.#serve(socket, table, streams))
    await new Promise<void>((done, fail) => {
      server.once('error', fail)
      // The lock on dataDir is held, so whatever lies there belongs to a process that is gone.
      rmSync(path, { force: true })
      server.listen(path, done)
    }).catch((cause: unknown) => {
      const text = `The control socket ${path} cannot be made: ${toRecord(cause).message}`
      throw new LazaretError('CONTROL_FAILED', text, {
        hint: 'Move away what lies there, or give another dataDir.',
        cause,
      })
    })
    // A connection that cannot be taken (no descriptor left) must not end the host.
    server.on('error', (error) => emit('runtime.failed', undefined, { error: toRecord(error) }))
    chmodSync(path, 0o600)
    // The socket alone does not keep a program running.
    server.unref()
    return control
  }

  #serve(socket: Socket, table: ControlTable, streams: ControlStreams): void {
    this.#sockets.add(socket)
    socket.unref()
    socket.setEncoding('utf8')
    let buffered = ''
    const open = new OpenStreams(socket, streams)
    const write = (reply: ControlReply) => {
      if (socket.destroyed) return
      if (socket.writableLength > limits.controlUnreadBytes) socket.destroy()
      else socket.write(`${JSON.stringify(reply)}\n`)
    }
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      open.close()
      this.#sockets.delete(socket)
    })
    socket.on('data', (text: string) => {
      buffered += text
      if (buffered.length > limits.controlLineBytes) {
        socket.destroy()
        return
      }
      const lines = buffered.split('\n')
      buffered = lines.pop() ?? ''
      for (const line of lines) {
        const request = parse(line)
        if (!('op' in request)) write(request)
        else if (request.op === 'cancel') open.cancel(request)
        else if (isStream(request.op)) open.begin(request.op, request)
        else answer(table[request.op], request, write)
      }
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    rmSync(this.#path, { force: true })
  }
}

function isStream(op: ControlOp | StreamOp): op is StreamOp {
  return streamOps.some((name) => name === op)
}

function answer(run: Answer, { id, params }: ControlRequest, write: (reply: ControlReply) => void): void {
  Promise.try(run, params)
    .then((result) => write({ id, result: result ?? null }))
    // A result that is no JSON is refused like any other failure: unhandled it would end the host.
    .catch((thrown: unknown) => write({ id, error: toRecord(thrown) }))
}

/** String() throws for some of what JSON can say: an object with a `toString` of its own. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 100) : `of type ${typeof value}`
}

function parse(line: string): ControlRequest | { id: number; error: ReturnType<typeof toRecord> } {
  const refuse = (text: string, id = 0) => ({ id, error: toRecord(new LazaretError('CONTROL_FAILED', text)) })
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (thrown) {
    return refuse(`The line is no JSON: ${toRecord(thrown).message}`)
  }
  if (typeof value !== 'object' || value === null) return refuse('A request is an object { id, op, params }.')
  const { id, op, params } = value as Record<string, unknown>
  if (typeof id !== 'number') return refuse('A request has a number as its id.')
  const known = [...new Set([...controlOps, ...streamOps, 'cancel' as const])]
  const named = known.find((name) => name === op)
  if (named === undefined) return refuse(`There is no op ${textOf(op)}. There are: ${known.join(', ')}.`, id)
  const given = typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {}
  return { id, op: named, params: given }
}

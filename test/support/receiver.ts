/** A receiver of alerts: a real HTTP server on 127.0.0.1 that keeps what it is sent and answers as the test says. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A status; or `never`, for a receiver that takes the message and does not answer. */
export type Answer = number | 'never' | { readonly status: number; readonly location: string }

export interface Posted {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: JSON of another program, read by tests.
  readonly body: any
  readonly answer: Answer
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly posted: readonly Posted[]
  /** Those that it accepted. */
  accepted(): Posted[]
  /** Resolves when it has been sent so many messages. */
  sent(count: number, ms?: number): Promise<readonly Posted[]>
  /** Connections that are open. */
  connections(): number
  /** Resolves when none is. */
  idle(): Promise<void>
}

/**
 * @param answer by the number of the message, from 0. Default: 200 always.
 * @param port default: a free one.
 */
export async function receiver(answer: (index: number) => Answer = () => 200, port = 0): Promise<Receiver> {
  const posted: Posted[] = []
  const sockets = new Set<Socket>()
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const watcher of [...watchers]) watcher()
  }
  const until = (test: () => boolean, what: () => string, ms: number) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(`not within ${ms} ms: ${what()}`))), ms)
      const end = (settle: () => void) => {
        clearTimeout(timer)
        watchers.delete(look)
        settle()
      }
      const look = () => {
        if (test()) end(resolve)
      }
      watchers.add(look)
      look()
    })
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const given = answer(posted.length)
      const { method, url: path, headers } = request
      posted.push({ method, path, headers, body: JSON.parse(Buffer.concat(chunks).toString()), answer: given })
      if (typeof given === 'number') response.writeHead(given).end('{}')
      else if (given !== 'never') response.writeHead(given.status, { location: given.location }).end()
      changed()
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      changed()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${address.port}/alerts`, port: address.port, posted },
    accepted: () => posted.filter(({ answer }) => answer === 200),
    async sent(count, ms = 20_000) {
      await until(
        () => posted.length >= count,
        () => `${count} messages, but ${posted.length}`,
        ms,
      )
      return posted
    },
    connections: () => sockets.size,
    idle: () =>
      until(
        () => sockets.size === 0,
        () => `no connection, but ${sockets.size}`,
        5000,
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  await using one = await receiver()
  return one.port
}

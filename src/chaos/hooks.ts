/** The callers' own HTTP server, to which the fleet's webhooks deliver: it answers every POST, and counts it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export class Hooks {
  readonly #server: Server
  received = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => {
      request.resume().once('end', () => {
        this.received += 1
        response.writeHead(204).end()
      })
    })
  }

  static async open(): Promise<Hooks> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve)
    })
    return new Hooks(server)
  }

  /** With the port. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get hookUrl(): string {
    return `http://${this.host}/hook`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }
}

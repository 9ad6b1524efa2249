/**
 * A server of the dashboard's own: it listens where it is told, and holds connections, headers and bodies to their
 * limits. It does not keep a program alive.
 */
import { createServer, type Server } from 'node:http'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { DashboardApp } from './app.ts'
import { inUrl, reachable } from './hosts.ts'
import { handlerOf } from './mount.ts'

export interface DashboardServer {
  /** With the token: whoever has it may do what the page can. */
  readonly url: string
  readonly port: number
  readonly token: string
  /** Ends its streams too. Safe to call twice. */
  close(): Promise<void>
}

export interface Listening {
  readonly server: Server
  readonly port: number
  /** `http://127.0.0.1:4567` */
  readonly origin: string
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly onError: (thrown: unknown) => void
  /** Longest that headers and requests may take, and how often that is looked at. For tests; milliseconds. */
  readonly patience?: { readonly headerMs: number; readonly requestMs: number; readonly checkMs: number }
}

const patient = {
  headerMs: limits.dashboardHeaderMs,
  requestMs: limits.dashboardRequestMs,
  checkMs: limits.dashboardCheckMs,
}

/** @throws LazaretError DASHBOARD_FAILED */
export async function listen({ host, port, onError, patience = patient }: ListenOptions): Promise<Listening> {
  const server = createServer({
    headersTimeout: patience.headerMs,
    requestTimeout: patience.requestMs,
    connectionsCheckingInterval: patience.checkMs,
    keepAliveTimeout: limits.dashboardIdleMs,
  })
  server.maxConnections = limits.dashboardConnections
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen({ host, port }, () => {
      server.off('error', fail)
      done()
    })
  }).catch((cause: unknown) => {
    throw cannotListen(host, port, cause)
  })
  // A connection that cannot be taken (no descriptor left) must not end the host.
  server.on('error', onError)
  server.unref()
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return { server, port: bound, origin: `http://${reachable(host)}:${bound}` }
}

export function serveApp({ server, port, origin }: Listening, app: DashboardApp, token: string): DashboardServer {
  const handler = handlerOf((request, place) => app.fetch(request, place), '', token)
  server.on('request', handler)
  let closing: Promise<void> | undefined
  const close = () => {
    app.close()
    return closeServer(server)
  }
  return {
    ...{ url: `${origin}${handler.path}`, port, token },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    // The ends of streams are on their way; whoever does not take them now does not get them.
    setImmediate(() => server.closeAllConnections())
  })
}

function cannotListen(host: string, port: number, cause: unknown): LazaretError {
  const { code, message } = toRecord(cause)
  const where = `${inUrl(host)}:${port}`
  const [why, hint] = reasons[code ?? ''] ?? [message, 'See whether the address is one of this machine.']
  return new LazaretError('DASHBOARD_FAILED', `The dashboard cannot listen on ${where}: ${why}.`, { hint, cause })
}

const reasons: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EADDRINUSE: ['the port is taken', 'Give another port, or none: then it is any free one.'],
  EACCES: ['this user may not', 'Give a port of 1024 or more.'],
  EADDRNOTAVAIL: ['this machine has no such address', 'Give 127.0.0.1, or an address of this machine.'],
  ENOTFOUND: ['nobody knows this name', 'Give 127.0.0.1, or an address of this machine.'],
}

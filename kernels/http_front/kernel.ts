/**
 * The house's door to the world: an HTTP server on 127.0.0.1. It knows nothing itself; whatever it is asked it asks of
 * the kernels behind it, with a short deadline, and when one is out of service the answer is 503 and when to come again.
 * It does not prove who somebody is: whoever may reach the port and whom the policy lets open a session gets one. What
 * listens to other machines, and asks for passwords, belongs in front of it.
 */
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { reachOf, refusal } from './behind.ts'
import { makeApp, type Stats } from './routes.ts'

export interface FrontConfig {
  /** 0: any that is free. Absent: no server, and `answer` alone. */
  port?: number
  /** How long a kernel behind may take to answer. Milliseconds, default 1000. */
  askMs?: number
}
/** A request from inside the house, without a socket. */
export type InsideRequest = { method: string; path: string; headers?: Record<string, string>; body?: string }
export type InsideAnswer = { status: number; headers: Record<string, string>; body: string }

const address = '127.0.0.1'
/** Less than the default limits.stopMs. */
const closeMs = 2000

function readConfig({ port, askMs = 1000 }: FrontConfig): { port: number | undefined; askMs: number } {
  const bad = (key: string, accepted: string, got: unknown) =>
    refusal('CONFIG_INVALID', `config.${key}: accepted is ${accepted}. Got: ${JSON.stringify(got)}`)
  if (port !== undefined && !(Number.isSafeInteger(port) && port >= 0 && port <= 65_535)) {
    throw bad('port', 'a whole number from 0 to 65535', port)
  }
  if (!Number.isSafeInteger(askMs) || askMs < 1 || askMs > 30_000) throw bad('askMs', '1 to 30000 milliseconds', askMs)
  return { port, askMs }
}

/** Resolves when it listens. */
async function listen(fetch: (request: Request, env: object) => Response | Promise<Response>, port: number) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  try {
    const serverOptions = { requestTimeout: 10_000, headersTimeout: 5000 }
    const options = { fetch, port, hostname: address, overrideGlobalObjects: false, serverOptions }
    const server = serve(options, () => resolve()) as Server
    server.once('error', reject)
    await promise
    return server.off('error', reject)
  } catch (error) {
    throw refusal('LISTEN_FAILED', `${address}:${port} cannot be listened to: ${(error as Error).message}`, error)
  }
}

/** What is under way is answered, if it is soon; connections that only wait are closed at once. */
async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  // A connection whose last answer is out after this moment would be kept alive for some seconds more.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const patience = setTimeout(() => server.closeAllConnections(), closeMs)
  await promise
  clearInterval(sweep)
  clearTimeout(patience)
}

function readRequest(request: unknown): Request {
  const { method, path, headers = {}, body } = Object(request) as Partial<InsideRequest>
  if (typeof method !== 'string' || typeof path !== 'string' || !path.startsWith('/')) {
    throw refusal(
      'INVALID_ARGUMENT',
      'A request has a method, a path that begins with /, and may have headers and a body.',
    )
  }
  const isSound = (value: unknown) => typeof value === 'string' && value.length <= 8192
  const listed =
    typeof headers === 'object' && headers !== null && !Array.isArray(headers) ? Object.entries(headers) : []
  if (listed.length > 100 || !listed.every(([name, value]) => isSound(name) && isSound(value)) || !isSound(path)) {
    throw refusal('INVALID_ARGUMENT', 'The path and each of 100 headers at most are texts of up to 8192 characters.')
  }
  if (body !== undefined && typeof body !== 'string') {
    throw refusal('INVALID_ARGUMENT', `The body of a request is a text. Got: ${typeof body}`)
  }
  try {
    return new Request(`http://${address}${path}`, { method, headers: listed, ...(body === undefined ? {} : { body }) })
  } catch (error) {
    throw refusal('INVALID_ARGUMENT', `No request can be made of this: ${(error as Error).message.slice(0, 200)}`)
  }
}

const kernel = defineKernel({
  async start(ctx: KernelContext<undefined, FrontConfig>) {
    const { port, askMs } = readConfig(ctx.config)
    const stats: Stats = { requests: 0, byStatus: {}, unlimited: 0 }
    let degraded: string[] = []
    ctx.bus.on('system.degraded_mode', (message) => {
      degraded = message.disabled_kernels
    })
    const app = makeApp({
      reach: reachOf(ctx, askMs),
      stats,
      degraded: () => degraded,
      onUnforeseen: (error, request) => ctx.log.error('a request failed', { request, error: String(error) }),
    })
    const server = port === undefined ? undefined : await listen(app.fetch, port)
    server?.on('error', (error) => ctx.log.error('the server has a problem', { error: String(error) }))
    const bound = server?.address()
    const listening = typeof bound === 'object' && bound !== null ? { port: bound.port } : null
    if (listening !== null) ctx.log.info('listening', { address, port: listening.port })
    return {
      api: {
        /** Where it listens; null where it does not. */
        address: (): { port: number } | null => listening,
        /** Counts since the start. */
        stats: (): Stats => ({ ...stats, byStatus: { ...stats.byStatus } }),
        /** The same answer that the request would get over HTTP. */
        async answer(request: InsideRequest): Promise<InsideAnswer> {
          const response = await app.fetch(readRequest(request), {})
          const { status, headers } = response
          return { status, headers: Object.fromEntries(headers), body: await response.text() }
        },
      },
      stop: () => (server === undefined ? undefined : close(server)),
    }
  },
})
export default kernel
export type HttpFront = KernelApi<typeof kernel>

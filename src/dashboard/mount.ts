/**
 * The dashboard under a path of somebody else's server: as a handler of web requests, and as middleware of node:http and
 * whatever is built on it. What lies outside its prefix is not its business and falls through.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { dressed, HttpRefusal, refuse } from './answers.ts'
import type { Place } from './app.ts'

export type Fetch = (request: Request, place: Place) => Promise<Response>

type Next = (error?: unknown) => void

/**
 * @example
 * const dashboard = runtime.dashboardHandler({ prefix: '/lazaret' })
 * app.use(dashboard)                                            // Express, Connect
 * createServer((request, response) => dashboard(request, response, () => app(request, response)))
 * fastify.addHook('onRequest', (request, reply, next) => dashboard(request.raw, reply.raw, next))
 * hono.all('/lazaret/*', (c) => dashboard(c.req.raw))
 */
export interface DashboardHandler {
  /** Undefined for what lies outside the prefix. */
  (request: Request): Promise<Response | undefined>
  /** Calls `next` for what lies outside the prefix; without one it answers 404. */
  (request: IncomingMessage, response: ServerResponse, next?: Next): void
  readonly token: string
  /** Where the page lies, with the token: `/lazaret/?token=...`. */
  readonly path: string
}

/** @param prefix without a slash at its end; empty for the root. */
export function handlerOf(fetch: Fetch, prefix: string, token: string): DashboardHandler {
  function handle(request: Request): Promise<Response | undefined>
  function handle(request: IncomingMessage, response: ServerResponse, next?: Next): undefined
  function handle(
    request: Request | IncomingMessage,
    response?: ServerResponse,
    next?: Next,
  ): Promise<Response | undefined> | undefined {
    if (response !== undefined) {
      onNode(fetch, prefix, request as IncomingMessage, response, next)
      return undefined
    }
    const place = placeUnder(new URL((request as Request).url).pathname, prefix)
    return place === undefined ? Promise.resolve(undefined) : fetch(request as Request, place)
  }
  return Object.assign(handle, { token, path: `${prefix}/?token=${token}` })
}

function onNode(fetch: Fetch, prefix: string, incoming: IncomingMessage, outgoing: ServerResponse, next?: Next): void {
  const place = placeOf(incoming, prefix)
  if (place === undefined && next !== undefined) {
    next()
    return
  }
  withReadBody(incoming)
  const cut = () => void outgoing.destroy()
  const nothing = (request: Request) =>
    dressed(refuse(new HttpRefusal(404, 'There is nothing at this address.'), request))
  const listener = getRequestListener(
    (request) => (place === undefined ? nothing(request) : fetch(request, { ...place, cut })),
    { overrideGlobalObjects: false, errorHandler: malformed },
  )
  // Whatever fails in it has been answered, or the connection is gone.
  void listener(incoming, outgoing)
}

/** No host, or an address that is none: there is no request that could be asked about. */
function malformed(thrown: unknown): Response {
  const refusal = new HttpRefusal(
    400,
    `The request cannot be read: ${thrown instanceof Error ? thrown.message : thrown}.`,
  )
  return dressed(refuse(refusal, new Request('http://localhost/')))
}

interface Routed extends IncomingMessage {
  /** As it was before routers took off what they had matched. */
  readonly originalUrl?: string
  /** Where something before this has read the body already. */
  readonly body?: unknown
  rawBody?: Buffer
}

function placeOf(request: Routed, prefix: string): Place | undefined {
  const rest = pathOf(request.url ?? '/')
  const whole = pathOf(request.originalUrl ?? request.url ?? '/')
  if (rest === undefined || whole === undefined) return undefined
  // A router that takes off `/lazaret` leaves `/` of `/lazaret` and of `/lazaret/` alike.
  const lacksSlash = rest === '/' && !whole.endsWith('/')
  const base = lacksSlash ? whole : whole.endsWith(rest) ? whole.slice(0, -rest.length) : ''
  if (base !== '' && base.endsWith(prefix)) return { base, path: lacksSlash ? '' : rest }
  const place = placeUnder(rest, prefix)
  return place && { base: base + place.base, path: place.path }
}

/** With its dots resolved, so that no path leads out of the prefix after it has been looked at. */
function pathOf(url: string): string | undefined {
  return URL.parse(url.startsWith('/') ? `http://localhost${url}` : url)?.pathname
}

function placeUnder(path: string, prefix: string): Place | undefined {
  if (path === prefix) return { base: prefix, path: '' }
  return path.startsWith(`${prefix}/`) ? { base: prefix, path: path.slice(prefix.length) } : undefined
}

/** Express and the like may have parsed the body; the adapter takes it as bytes. */
function withReadBody(request: Routed): void {
  const { body } = request
  if (body === undefined || !request.readableDidRead) return
  request.rawBody = Buffer.from(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body))
}

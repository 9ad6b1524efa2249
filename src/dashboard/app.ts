/**
 * The dashboard as a handler of web requests: checks who asks, finds the route, and dresses the answer. It knows no
 * sockets; where it lies (mount.ts) and what listens (serve.ts) is told elsewhere.
 */
import { type Context, Hono } from 'hono'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { dressed, HttpRefusal, landingPage, pagePolicy, refuse, statusOfError } from './answers.ts'
import { Feed } from './feed.ts'
import { Guard, isVisit, unauthorised } from './guard.ts'
import type { HostName, IsAccepted } from './hosts.ts'
import type { PageFiles } from './page-files.ts'
import type { DashboardPorts } from './ports.ts'
import { type DashboardRoute, dashboardRoutes } from './routes.ts'
import { Streams } from './stream.ts'
import { cookieFor, cookieName, TokenCheck } from './token.ts'

export interface AppOptions {
  readonly token: string
  readonly isAccepted: IsAccepted
  readonly readOnly: boolean
  readonly files: PageFiles
}

/** Where a request lies. */
export interface Place {
  /** Without a slash at its end: `/lazaret`; empty for the root. */
  readonly base: string
  /** Below that, from a slash on; empty where the address lacks the slash at its end. */
  readonly path: string
  /** Ends the connection at once. */
  readonly cut?: () => void
}

interface Env {
  Bindings: Place & { readonly host: Required<HostName> }
}

export class DashboardApp {
  readonly #ports: DashboardPorts
  readonly #options: AppOptions
  readonly #token: TokenCheck
  readonly #guard: Guard
  readonly #streams: Streams
  readonly #router: Hono<Env>
  #closed = false

  constructor(ports: DashboardPorts, options: AppOptions) {
    this.#ports = ports
    this.#options = options
    this.#token = new TokenCheck(options.token)
    this.#guard = new Guard(this.#token, options.isAccepted)
    this.#streams = new Streams(ports.clock)
    this.#router = this.#routes(new Feed(ports))
  }

  /** Never rejects. */
  async fetch(request: Request, place: Place = { base: '', path: new URL(request.url).pathname }): Promise<Response> {
    try {
      if (this.#closed) throw new LazaretError('RUNTIME_STOPPED', 'The runtime has stopped.')
      const host = this.#guard.host(request)
      this.#guard.origin(request, place.path === '/' || place.path === '' ? 'page' : undefined)
      if (place.path === '') return dressed(toSlash(request, place.base))
      return dressed(await this.#router.fetch(request, { ...place, host }))
    } catch (thrown) {
      return this.#refuse(thrown, request)
    }
  }

  /** Ends every stream; what is asked later is refused. */
  close(): void {
    this.#closed = true
    this.#streams.closeAll()
  }

  #routes(feed: Feed): Hono<Env> {
    const router = new Hono<Env>({ getPath: (_request, options) => options?.env?.path ?? '/' })
    const parts = { ports: this.#ports, guard: this.#guard, feed, streams: this.#streams }
    const routes = dashboardRoutes({ ...parts, readOnly: this.#options.readOnly })
    router.get('/', (c) => this.#page(c))
    for (const path of ['/:file', '/assets/:file']) {
      // A route of the table may have the same form: /healthz.
      router.get(path, async (c, next) => this.#file(c) ?? (await next()))
    }
    for (const route of routes) router.on(route.method, route.path, (c) => this.#answer(route, c))
    const known = new Map<string, string[]>([['/', ['GET']]])
    for (const { path, method } of routes) known.set(path, [...(known.get(path) ?? []), method])
    for (const [path, methods] of known) router.all(path, (c) => this.#wrongMethod(c, methods))
    router.notFound((c) => {
      this.#letIn(c)
      throw new HttpRefusal(404, 'There is nothing at this address.')
    })
    router.onError((thrown, c) => this.#refuse(thrown, c.req.raw))
    return router
  }

  #answer(route: DashboardRoute, c: Context<Env>): Response | Promise<Response> {
    if (route.access === 'read') this.#letIn(c)
    return route.answer({ request: c.req.raw, params: checkedParams(c.req.param()), cut: c.env.cut })
  }

  #letIn(c: Context<Env>): void {
    this.#guard.reader(c.req.raw, c.env.host.port, c.env.base)
  }

  #page(c: Context<Env>): Response {
    const request = c.req.raw
    const url = new URL(request.url)
    const given = url.searchParams.get('token')
    const { host, base } = c.env
    const name = cookieName(host.port, base)
    const isFromElsewhere =
      isVisit(request) && /^(?:cross|same)-site$/.test(request.headers.get('sec-fetch-site') ?? '')
    if (given !== null) {
      if (!this.#token.matches(given)) throw unauthorised(true)
      const cookie = cookieFor(name, this.#token.token, url.protocol === 'https:')
      if (isFromElsewhere) return landingPage({ 'set-cookie': cookie })
      return new Response(null, { status: 303, headers: { location: './', 'set-cookie': cookie } })
    }
    // Other cookies of this host may come along, by the laxer rules of their own.
    if (isFromElsewhere && !(request.headers.get('cookie') ?? '').includes(`${name}=`)) return landingPage({})
    this.#letIn(c)
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy }
    return new Response(this.#options.files.index(this.#token.token), { headers })
  }

  #file(c: Context<Env>): Response | undefined {
    const name = c.env.path.slice(1)
    const file = name === 'index.html' ? undefined : this.#options.files.find(name)
    if (file === undefined) return undefined
    this.#letIn(c)
    const caching = file.isHashed ? 'private, max-age=31536000, immutable' : 'private, no-cache'
    return new Response(file.bytes, { headers: { 'content-type': file.type, 'cache-control': caching } })
  }

  #wrongMethod(c: Context<Env>, methods: readonly string[]): never {
    this.#letIn(c)
    const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
    const text = `This address does not answer ${c.req.raw.method}; it answers ${allow}.`
    throw new HttpRefusal(405, text, { headers: { allow } })
  }

  #refuse(thrown: unknown, request: Request): Response {
    if (!(thrown instanceof HttpRefusal) && statusOfError(thrown) === 500) this.#ports.failed(thrown)
    return dressed(refuse(thrown, request))
  }
}

/** Names, ids and words: nothing in them can lead out of where they are looked for. @throws HttpRefusal 400 */
function checkedParams(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(params)) {
    if (value.length > limits.dashboardIdChars || !/^[\w:-][\w.:-]*$/.test(value)) {
      throw new HttpRefusal(400, `The ${name} in the address is none: letters, digits, "_", "-", "." and ":" are.`)
    }
  }
  return params
}

/** The page's addresses are relative, so its own ends with a slash. Relative too: a proxy may have put more before it. */
function toSlash(request: Request, base: string): Response {
  const last = base.slice(base.lastIndexOf('/') + 1)
  return new Response(null, { status: 307, headers: { location: `./${last}/${new URL(request.url).search}` } })
}

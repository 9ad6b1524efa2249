/**
 * What is answered to whom. Every request costs its sender a point of the rate limit; a write needs a session and the
 * policy's word. Where the limiter is away, reads go through and writes do not; where the policy is away, no write does.
 */
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HttpError, httpErrorOf, type Reach } from './behind.ts'

export interface Stats {
  requests: number
  byStatus: Record<string, number>
  /** Reads that were let through because the rate limits did not answer. */
  unlimited: number
}
export interface Front {
  reach: Reach
  stats: Stats
  /** Kernels that are out of service, as the runtime says. */
  degraded: () => string[]
  onUnforeseen: (error: unknown, request: string) => void
}
type Env = { Bindings: { incoming?: { socket: { remoteAddress?: string } } } }

const bodyBytes = 262_144
const isRead = (c: Context) => c.req.method === 'GET' || c.req.method === 'HEAD'

export function makeApp(front: Front): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    await next()
    front.stats.requests += 1
    front.stats.byStatus[c.res.status] = (front.stats.byStatus[c.res.status] ?? 0) + 1
  })
  app.use(async (c, next) => {
    needOwnHost(c)
    await takePoint(front, c)
    await next()
  })
  const tooLarge = () => answerError(new HttpError(413, 'TOO_LARGE', `A body has ${bodyBytes} bytes at most.`))
  app.use(bodyLimit({ maxSize: bodyBytes, onError: tooLarge }))
  addReads(app, front)
  addWrites(app, front)
  app.notFound((c) => answerError(new HttpError(404, 'NOT_FOUND', `There is no ${c.req.method} ${c.req.path}.`)))
  app.onError((error, c) => {
    const known = httpErrorOf(error)
    if (known !== undefined) return answerError(known)
    front.onUnforeseen(error, `${c.req.method} ${c.req.path}`)
    return answerError(new HttpError(500, 'INTERNAL', 'The request failed here, and the reason is in the log.'))
  })
  return app
}

function addReads(app: Hono<Env>, { reach, degraded }: Front): void {
  app.get('/health', async (c) => {
    const [health, summary] = await Promise.allSettled([
      reach('host_health').isHealthy(),
      reach('healing_stats').summary(),
    ])
    const healthy = health.status === 'fulfilled' ? health.value : null
    const healing = summary.status === 'fulfilled' ? { open: summary.value.open, meanMs: summary.value.meanMs } : null
    const missing = [...(healthy === null ? ['host_health'] : []), ...(healing === null ? ['healing_stats'] : [])]
    // Who is not known to be ill is served; a balancer that asks here looks at the status alone.
    return c.json({ healthy, healing, degraded: degraded(), missing }, healthy === false ? 503 : 200)
  })
  app.get('/flags/:flag', async (c) => {
    const flag = c.req.param('flag')
    return c.json({ flag, on: await reach('feature_flags').isOn(flag, c.req.query('who') ?? 'anyone') })
  })
  app.get('/search', async (c) => {
    const query = c.req.query('q') ?? ''
    if (query.trim() === '') throw new HttpError(400, 'INVALID_QUERY', 'Give the words to look for: /search?q=words.')
    const limit = Number(c.req.query('limit') ?? 10)
    return c.json({ query, found: await reach('search').recall(query, limit) })
  })
  app.get('/records/:kind/:id', async (c) => {
    const { kind, id } = c.req.param()
    const record = await reach('records').get(kind, id)
    if (record === null) throw new HttpError(404, 'NOT_FOUND', `There is no record ${kind}/${id}.`)
    return c.json(record, 200, { etag: `"${record.version}"` })
  })
}

function addWrites(app: Hono<Env>, { reach }: Front): void {
  // Whoever comes over HTTP is a user, whatever their name: nobody becomes the operator by being called so.
  const needPolicy = async (user: string, what: string) => {
    if ((await reach('policy').allowed(`user:${user}`, 'write', what)) === true) return
    throw new HttpError(403, 'FORBIDDEN', `The policy does not let ${user} write ${what}.`)
  }
  app.post('/sessions', async (c) => {
    const { user } = Object(await readJson(c)) as { user?: unknown }
    if (typeof user !== 'string' || user === '') throw new HttpError(400, 'INVALID_BODY', 'Send { "user": "a name" }.')
    await needPolicy(user, 'sessions')
    return c.json(await reach('sessions', { idempotent: false }).open(user), 201)
  })
  app.put('/records/:kind/:id', async (c) => {
    const { kind, id } = c.req.param()
    const user = await needUser(c, reach)
    await needPolicy(user, `records/${kind}/${id}`)
    const expected = readIfMatch(c.req.header('if-match'))
    const value = await readJson(c)
    const records = reach('records', { idempotent: false })
    const { version } = await (expected === undefined
      ? records.put(kind, id, value)
      : records.put(kind, id, value, expected))
    return c.json({ kind, id, version }, 200, { etag: `"${version}"` })
  })
}

/** A page of another site whose name was made to point here would come with that name. */
function needOwnHost(c: Context): void {
  const host = c.req.header('host')
  if (host === undefined || /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host)) return
  throw new HttpError(421, 'WRONG_HOST', `This is 127.0.0.1, and not ${JSON.stringify(host.slice(0, 100))}.`)
}

async function takePoint({ reach, stats }: Front, c: Context<Env>): Promise<void> {
  const who = c.env?.incoming?.socket.remoteAddress ?? 'inside'
  let taken: { allowed: boolean; remaining: number; retryInMs: number }
  try {
    taken = await reach('rate_limits').take(`address:${who}`)
  } catch (error) {
    if (!isRead(c)) throw error
    stats.unlimited += 1
    return
  }
  const remaining = String(taken.remaining)
  if (taken.allowed) {
    c.header('ratelimit-remaining', remaining)
    return
  }
  const seconds = String(Math.max(1, Math.ceil(taken.retryInMs / 1000)))
  throw new HttpError(429, 'TOO_MANY_REQUESTS', `Come again in ${seconds} s.`, {
    ...{ 'retry-after': seconds, 'ratelimit-remaining': remaining },
  })
}

async function needUser(c: Context, reach: Reach): Promise<string> {
  const token = /^Bearer (\S{1,500})$/i.exec(c.req.header('authorization') ?? '')?.[1]
  const user = token === undefined ? null : await reach('sessions').user(token)
  if (typeof user === 'string') return user
  const headers = { 'www-authenticate': 'Bearer' }
  throw new HttpError(401, 'NO_SESSION', 'Send Authorization: Bearer with the token of an open session.', headers)
}

async function readJson(c: Context): Promise<unknown> {
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
    throw new HttpError(415, 'NO_JSON', 'Send a body of the type application/json.')
  }
  try {
    return (await c.req.json()) as unknown
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new HttpError(400, 'INVALID_BODY', `The body is no JSON: ${error.message}`)
  }
}

function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const version = Number(/^"(\d{1,15})"$/.exec(header)?.[1] ?? Number.NaN)
  if (Number.isSafeInteger(version)) return version
  throw new HttpError(
    400,
    'INVALID_VERSION',
    `If-Match is a version in quotes, such as "3". Got: ${header.slice(0, 50)}`,
  )
}

export function answerError({ status, code, message, headers }: HttpError): Response {
  return Response.json({ error: { code, message } }, { status, headers })
}

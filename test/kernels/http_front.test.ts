/** Over real HTTP on 127.0.0.1; the kernels behind the front are played. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import front from '../../kernels/http_front/kernel.ts'
import { LazaretError } from '../../src/base/errors.ts'
import { type Answers, handlerFailed, type StartOptions, startKernel } from './fake-context.ts'

const everybody = (): Answers => ({
  'rate_limits.take': () => ({ allowed: true, remaining: 7, retryInMs: 0 }),
  'policy.allowed': () => true,
  'sessions.user': (token: string) => (token === 'good' ? 'ada' : null),
  'sessions.open': (user: string) => ({ token: `of ${user}`, expiresAt: 1 }),
  'records.get': (_kind: string, id: string) => (id === '1' ? { value: { name: 'Aurora' }, version: 3, at: 1 } : null),
  'records.put': () => ({ version: 4 }),
  'feature_flags.isOn': (flag: string, who: string) => flag === 'dark' && who === 'ada',
  'search.recall': () => [{ id: 'ship/1', text: 'Aurora', score: 1 }],
  'host_health.isHealthy': () => true,
  'healing_stats.summary': () => ({ incidents: 2, open: 1, meanMs: 1500, kernels: {} }),
})

async function open(answers: Answers = everybody(), options: Partial<StartOptions> = {}) {
  const started = await startKernel(front, { id: 'http_front', config: { port: 0 }, answers, ...options })
  const port = (await started.ask.address())?.port ?? 0
  const request = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    return {
      status: response.status,
      headers: response.headers,
      json: (await response.json()) as Record<string, unknown>,
    }
  }
  const asked = (to: string) =>
    started.asked.filter((each) => each.to === to).map(({ method, args }) => [method, ...args])
  return { ...started, port, request, askedOf: asked }
}

const json = { 'content-type': 'application/json' }
const put = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'PUT',
  body: JSON.stringify(body),
  headers: { ...json, authorization: 'Bearer good', ...headers },
})
const login = (user: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify({ user }), headers: json })
const away = (kernel: string) => {
  throw new LazaretError('KERNEL_UNAVAILABLE', `${kernel} is out of service.`, { kernel })
}

test('reads are answered by the kernels behind', async () => {
  const { request, askedOf } = await open()
  expect(await request('/flags/dark?who=ada')).toMatchObject({ status: 200, json: { flag: 'dark', on: true } })
  expect(await request('/flags/dark')).toMatchObject({ json: { on: false } })
  expect(await request('/search?q=aur%C3%B6ra&limit=5')).toMatchObject({ json: { found: [{ id: 'ship/1' }] } })
  expect(askedOf('search')).toEqual([['recall', 'auröra', 5]])
  const record = await request('/records/ship/1')
  expect(record).toMatchObject({ status: 200, json: { value: { name: 'Aurora' }, version: 3 } })
  expect(record.headers.get('etag')).toBe('"3"')
  expect(record.headers.get('ratelimit-remaining')).toBe('7')
  expect(await request('/records/ship/2')).toMatchObject({ status: 404, json: { error: { code: 'NOT_FOUND' } } })
  expect(await request('/search?q=')).toMatchObject({ status: 400 })
  expect(await request('/elsewhere')).toMatchObject({ status: 404 })
})

test('the health is that of the machine, with what is out of service; who is missing is named', async () => {
  const answers = everybody()
  const { request, say } = await open(answers)
  await say('system.degraded_mode', { enabled: true, disabled_kernels: ['search'] })
  expect(await request('/health')).toMatchObject({
    status: 200,
    json: { healthy: true, healing: { open: 1, meanMs: 1500 }, degraded: ['search'], missing: [] },
  })
  answers['host_health.isHealthy'] = () => false
  expect(await request('/health')).toMatchObject({ status: 503, json: { healthy: false } })
  for (const key of Object.keys(answers)) delete answers[key]
  expect(await request('/health')).toMatchObject({
    status: 200,
    json: { healthy: null, healing: null, missing: ['host_health', 'healing_stats'] },
  })
})

test('a session is opened for whom the policy lets, and a write needs one', async () => {
  const { request, askedOf } = await open()
  expect(await request('/sessions', login('ada'))).toMatchObject({ status: 201, json: { token: 'of ada' } })
  const written = await request('/records/ship/1', put({ name: 'Borealis' }))
  expect(written).toMatchObject({ status: 200, json: { kind: 'ship', id: '1', version: 4 } })
  expect(written.headers.get('etag')).toBe('"4"')
  await request('/records/ship/1', put({ name: 'Cirrus' }, { 'if-match': '"4"' }))
  expect(askedOf('records')).toEqual([
    ['put', 'ship', '1', { name: 'Borealis' }],
    ['put', 'ship', '1', { name: 'Cirrus' }, 4],
  ])
  expect(askedOf('policy')).toEqual([
    ['allowed', 'user:ada', 'write', 'sessions'],
    ['allowed', 'user:ada', 'write', 'records/ship/1'],
    ['allowed', 'user:ada', 'write', 'records/ship/1'],
  ])
})

test.each([
  ['no session', 401, put({}, { authorization: '' })],
  ['an unknown token', 401, put({}, { authorization: 'Bearer bad' })],
  ['another scheme', 401, put({}, { authorization: 'Basic good' })],
  ['a body of another type', 415, put({}, { 'content-type': 'text/plain' })],
  ['a body that is no JSON', 400, { ...put({}), body: '{"half":' }],
  ['a version that is none', 400, put({}, { 'if-match': 'W/"x"' })],
  ['a body that is too large', 413, put('x'.repeat(262_144))],
])('a write with %s is %i', async (_, status, init) => {
  const { request, askedOf } = await open()
  const { headers, ...answer } = await request('/records/ship/1', init)
  expect(answer).toMatchObject({ status, json: { error: { message: expect.any(String) } } })
  if (status === 401) expect(headers.get('www-authenticate')).toBe('Bearer')
  expect(askedOf('records')).toEqual([])
})

test.each([[undefined], [7], ['']])('a session for %j is refused', async (user) => {
  const { request, askedOf } = await open()
  expect(await request('/sessions', login(user))).toMatchObject({ status: 400 })
  expect(askedOf('sessions')).toEqual([])
})

test('where the policy says no it is 403, and anything but a plain yes is a no', async () => {
  const answers = everybody()
  const { request, askedOf } = await open(answers)
  for (const said of [false, null, 'yes', {}]) {
    answers['policy.allowed'] = () => said
    expect(await request('/records/ship/1', put({}))).toMatchObject({ status: 403 })
    expect(await request('/sessions', login('ada'))).toMatchObject({ status: 403 })
  }
  expect(askedOf('records')).toEqual([])
  expect(askedOf('sessions').every(([method]) => method === 'user')).toBe(true)
})

test('a sender that has used up its points gets 429, and when to come again', async () => {
  const answers = everybody()
  answers['rate_limits.take'] = () => ({ allowed: false, remaining: 0, retryInMs: 1200 })
  const { request, askedOf } = await open(answers)
  const { status, headers } = await request('/flags/dark')
  expect([status, headers.get('retry-after'), headers.get('ratelimit-remaining')]).toEqual([429, '2', '0'])
  expect(askedOf('rate_limits')).toEqual([['take', 'address:127.0.0.1']])
  expect(askedOf('feature_flags')).toEqual([])
})

test('while the rate limits are away reads go through, and are counted; writes do not', async () => {
  const answers = everybody()
  answers['rate_limits.take'] = () => away('rate_limits')
  const { request, ask, askedOf } = await open(answers)
  expect(await request('/flags/dark')).toMatchObject({ status: 200 })
  expect(await request('/records/ship/1', put({}))).toMatchObject({ status: 503 })
  expect(askedOf('records')).toEqual([])
  expect(await ask.stats()).toEqual({ requests: 2, byStatus: { 200: 1, 503: 1 }, unlimited: 1 })
})

test.each([
  ['feature_flags.isOn', '/flags/dark', {}],
  ['search.recall', '/search?q=x', {}],
  ['records.get', '/records/ship/1', {}],
  ['records.put', '/records/ship/1', put({})],
  ['sessions.user', '/records/ship/1', put({})],
  ['policy.allowed', '/records/ship/1', put({})],
  ['policy.allowed', '/sessions', login('ada')],
  ['sessions.open', '/sessions', login('ada')],
])('while %s does not answer, %s is 503, and says when to come again', async (method, path, init) => {
  const answers = everybody()
  const [kernel = ''] = method.split('.')
  answers[method] = () => away(kernel)
  const { request, logged } = await open(answers)
  const { status, headers, json: said } = await request(path, init)
  expect([status, headers.get('retry-after')]).toEqual([503, '5'])
  expect(said).toMatchObject({ error: { message: expect.stringContaining(kernel) } })
  expect(logged, 'an outage behind is no fault of the front').toEqual([])
})

test.each([
  ['MESSAGE_UNCLONABLE', 422],
  ['MESSAGE_POISONED', 422],
  ['UNKNOWN_METHOD', 503],
] as const)('what the runtime does not pass on (%s) is %i, and no fault of the front', async (code, status) => {
  const answers = everybody()
  answers['records.put'] = () => {
    throw new LazaretError(code, 'not passed on', { kernel: 'records' })
  }
  const { request, logged } = await open(answers)
  expect(await request('/records/ship/1', put({}))).toMatchObject({ status })
  expect(logged).toEqual([])
})

test.each([
  ['VERSION_CONFLICT', 409],
  ['NOT_FOUND', 404],
  ['STORE_FULL', 507],
  ['TOO_MANY_RECORDS', 507],
  ['INVALID_ARGUMENT', 422],
])('a refusal of the records with %s is %i, and says why', async (code, status) => {
  const answers = everybody()
  answers['records.put'] = () => {
    throw handlerFailed('records', code, 'this is why')
  }
  const { request } = await open(answers)
  expect(await request('/records/ship/1', put({}))).toMatchObject({
    status,
    json: { error: { code, message: 'this is why' } },
  })
})

test('a failure that nobody foresaw is 500, goes to the log, and tells the caller nothing', async () => {
  const answers = everybody()
  answers['search.recall'] = () => {
    throw new Error('a secret of the house')
  }
  const { request, logged } = await open(answers)
  const answer = await request('/search?q=x')
  expect(answer.status).toBe(500)
  expect(JSON.stringify(answer.json)).not.toContain('secret')
  expect(logged).toHaveLength(1)
})

test('a page of another site whose name points here gets nothing', async () => {
  const { port, askedOf } = await open()
  const socket = connect(port, '127.0.0.1')
  socket.end('GET /flags/dark HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part as Buffer)
  expect(Buffer.concat(parts).toString()).toMatch(/^HTTP\/1\.1 421 /)
  expect(askedOf('rate_limits')).toEqual([])
})

test('from inside the answer is the same, and without a port there is no server', async () => {
  const { ask } = await startKernel(front, { id: 'http_front', answers: everybody() })
  expect(await ask.address()).toBeNull()
  const { status, headers, body } = await ask.answer({ method: 'GET', path: '/records/ship/1' })
  expect([status, headers.etag, JSON.parse(body).version]).toEqual([200, '"3"', 3])
  for (const bad of [null, { method: 'GET' }, { method: 'GET', path: 'x' }, { method: 'no way', path: '/' }]) {
    await expect(ask.answer(bad as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
})

test('a port that is taken keeps it from starting; when the first one has stopped, it is free', async () => {
  const first = await open()
  const second = () => open(everybody(), { config: { port: first.port } })
  await expect(second()).rejects.toMatchObject({
    code: 'LISTEN_FAILED',
    message: expect.stringContaining('EADDRINUSE'),
  })
  await first.request('/health')
  await first.stop()
  expect((await second()).port).toBe(first.port)
})

test('a request that is under way is answered before it stops', async () => {
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<boolean>()
  const answers = everybody()
  answers['feature_flags.isOn'] = () => {
    begun.resolve()
    return gate.promise
  }
  const { request, stop } = await open(answers)
  const answered = request('/flags/dark')
  await begun.promise
  const stopped = stop()
  gate.resolve(true)
  expect(await answered).toMatchObject({ status: 200, json: { on: true } })
  await stopped
})

test.each([
  [{ port: -1 }, 'config.port'],
  [{ port: 65_536 }, 'config.port'],
  [{ port: '80' }, 'config.port'],
  [{ askMs: 0 }, 'config.askMs'],
])('a bad configuration keeps it from starting, and says where: %j', async (config, where) => {
  const started = startKernel(front, { id: 'http_front', config })
  await expect(started).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(where) })
})

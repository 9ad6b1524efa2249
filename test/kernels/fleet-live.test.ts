/** The twenty kernels as one fleet, in their threads: a day's work over HTTP, then each of them out of service in turn. */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { killThread } from '../../src/chaos/index.ts'
import { createRuntime, type LazaretEvent, type Runtime } from '../../src/index.ts'

const kernels = fileURLToPath(new URL('../../kernels/', import.meta.url))

/** A receiver of webhooks: what it got, and how it answers. */
async function receiver() {
  const got: { body: string; headers: IncomingMessage['headers'] }[] = []
  let status = 200
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    if (status === 200) got.push({ body, headers: request.headers })
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...{ got, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}/hook` },
    answer: (code: number) => {
      status = code
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Requests a minute; the test looks often. */
const points = 500

/** The fleet's own file, with a host that the webhooks may reach. */
async function fleet(allowed: string) {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-fleet-'))
  const document = parseDocument(readFileSync(join(kernels, 'fleet.yaml'), 'utf8'))
  const { kernels: listed } = document.toJS() as {
    kernels: { id: string; entry: string; degraded?: { fallback?: string } }[]
  }
  for (const [index, { id, entry, degraded }] of listed.entries()) {
    document.setIn(['kernels', index, 'entry'], join(kernels, entry))
    if (degraded?.fallback) document.setIn(['kernels', index, 'degraded', 'fallback'], join(kernels, degraded.fallback))
    if (id === 'webhooks') document.setIn(['kernels', index, 'config', 'allow'], [allowed])
    if (id === 'rate_limits') document.setIn(['kernels', index, 'config', 'points'], points)
    document.setIn(['kernels', index, 'restart', 'backoffMs'], 10)
  }
  const file = join(folder, 'fleet.yaml')
  writeFileSync(file, document.toString())
  const runtime = createRuntime({
    ...{ fleet: file, dataDir: join(folder, 'data'), quarantineDir: join(folder, 'quarantine'), log: false },
    playbooksDir: join(folder, 'playbooks'),
  })
  const events: LazaretEvent[] = []
  runtime.on('event', (event) => events.push(event))
  await runtime.start()
  return {
    ...{ runtime, events },
    async [Symbol.asyncDispose]() {
      await runtime.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Through the front, as the world does. */
async function http(runtime: Runtime, method: string, path: string, more: { token?: string; body?: unknown } = {}) {
  const address: { port: number } | undefined = await runtime.ref('http_front').ask.address?.()
  const response = await fetch(`http://127.0.0.1:${address?.port}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(more.token && { authorization: `Bearer ${more.token}` }) },
    ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

const ask = (runtime: Runtime, id: string) => runtime.ref(id).with({ deadlineMs: 10_000 }).ask
const until = (look: () => Promise<unknown>, expected: unknown) =>
  expect.poll(look, { timeout: 15_000, interval: 50 }).toEqual(expected)

test('a day of the fleet, and each degraded mode of it', { timeout: 120_000 }, async () => {
  await using hooks = await receiver()
  await using at = await fleet(hooks.host)
  const { runtime, events } = at
  const of = (id: string) => ask(runtime, id)
  expect(runtime.status().map(({ state, servedBy }) => `${state} ${servedBy}`)).toEqual(
    Array.from({ length: 20 }, () => 'running.settling instance'),
  )
  await of('vault').put?.('webhooks.signing', 'a secret of the house')

  // Over HTTP: log in, write, read, find.
  const login = await http(runtime, 'POST', '/sessions', { body: { user: 'ada' } })
  expect(login.status).toBe(201)
  const { token } = login.body
  const ship = { name: 'Cirrus', kind: 'a ship of the line' }
  expect((await http(runtime, 'PUT', '/records/ship/1', { token, body: ship })).status).toBe(200)
  expect((await http(runtime, 'PUT', '/records/ship/2', { body: ship })).status).toBe(401)
  expect((await http(runtime, 'PUT', '/records/lazaret_house/1', { token, body: ship })).status).toBe(403)
  expect((await http(runtime, 'GET', '/records/ship/1')).body.value).toEqual(ship)
  const found = async () =>
    (await http(runtime, 'GET', '/search?q=cirrus')).body.found.map(({ id }: { id: string }) => id)
  await until(found, ['ship/1'])
  expect((await http(runtime, 'GET', '/flags/search?who=ada')).body.on).toBe(true)
  expect((await http(runtime, 'GET', '/health')).body.missing).toEqual([])

  // Imports, reports, webhooks, memory.
  expect(await of('imports').importCsv?.('port', 'id,name\n1,Genoa\n2,Ragusa\n', { id: 'id' })).toMatchObject({
    rows: 2,
  })
  expect(await of('records').count?.('port')).toBe(2)
  expect(await of('reports').build?.()).toMatchObject({ records: 3, sessions: 1, missing: [] })
  await of('webhooks').send?.({ to: hooks.url, subject: 'arrival', body: 'Cirrus has come in.' })
  const [first] = hooks.got
  const stamp = Object.entries(first?.headers ?? {}).find(([name]) => name.includes('timestamp'))?.[1]
  const signature = createHmac('sha256', 'a secret of the house').update(`${stamp}.${first?.body}`).digest('hex')
  expect(JSON.stringify(first?.headers)).toContain(signature)
  await of('memory_fusion').remember?.('fever', 'Fever aboard the Cirrus', ['ship'])

  // rest_for_one: whoever depends on the records starts anew with them, the front on another port perhaps.
  await killThread(runtime, 'records')
  const dependents = ['imports', 'reports', 'search', 'http_front']
  const restarted = () => dependents.filter((id) => runtime.kernel(id).status().starts.bystander === 1)
  await expect.poll(restarted, { timeout: 15_000 }).toEqual(dependents)
  // What came since the last snapshot is lost with the thread; the house goes on.
  await until(async () => (await http(runtime, 'PUT', '/records/ship/1', { token, body: ship })).status, 200)

  // Fallbacks.
  const out = (id: string) => runtime.kernel(id).quarantine()
  const back = (id: string) => runtime.kernel(id).rejoin()
  for (const id of ['policy', 'rate_limits', 'feature_flags']) await out(id)
  expect((await http(runtime, 'PUT', '/records/ship/3', { token, body: ship })).status).toBe(403)
  expect((await http(runtime, 'GET', '/flags/search?who=ada')).body.on).toBe(true)
  expect(await of('policy').allowed?.('operator', 'write', 'records/ship/3')).toBe(true)
  for (const id of ['policy', 'rate_limits', 'feature_flags']) {
    expect(runtime.kernel(id).status()).toMatchObject({ servedBy: 'fallback', starts: { fallback: 1 } })
    await back(id)
  }
  expect((await http(runtime, 'PUT', '/records/ship/3', { token, body: ship })).status).toBe(200)

  // Reroutes.
  await out('search')
  expect(runtime.kernel('search').status()).toMatchObject({ servedBy: 'reroute', reroutedTo: 'memory_fusion' })
  expect(await found()).toEqual(['fever'])
  await back('search')
  await out('webhooks')
  expect(await of('webhooks').send?.({ to: hooks.url, subject: 'late', body: 'Kept.' })).toMatchObject({
    status: 'kept',
  })
  await back('webhooks')
  expect(await of('outbox').pending?.()).toBe(1)
  await of('outbox').flush?.()
  await until(async () => of('outbox').pending?.(), 0)
  expect(hooks.got).toHaveLength(2)

  // Refusals, and a buffer.
  await out('templates')
  await expect(of('templates').names?.()).rejects.toMatchObject({ code: 'KERNEL_UNAVAILABLE' })
  await back('templates')
  await out('records')
  const waiting = of('records').put?.('ship', '4', ship)
  await back('records')
  expect(await waiting).toMatchObject({ version: expect.any(Number) })

  // The bus fails over; what hangs on it goes on.
  await killThread(runtime, 'message_bus')
  await expect.poll(() => runtime.kernel('message_bus').status().state, { timeout: 15_000 }).toBe('running.settling')
  await killThread(runtime, 'message_bus')
  await expect.poll(() => runtime.kernel('message_bus').status().servedBy, { timeout: 15_000 }).toBe('standby')
  await of('records').put?.('ship', '5', { name: 'Borealis' })
  await until(async () => (await http(runtime, 'GET', '/search?q=borealis')).body.found[0]?.id, 'ship/5')

  // Beyond its points a caller is told to wait.
  let statuses = [200]
  for (let n = 0; n < points && statuses.at(-1) !== 429; n += 20) {
    const burst = Array.from({ length: 20 }, async () => (await http(runtime, 'GET', '/flags/search')).status)
    statuses = await Promise.all(burst)
  }
  expect(statuses).toContain(429)
  expect(await of('immutable_log').verify?.()).toMatchObject({ ok: true })
  const bad = events.filter(({ type }) => type === 'runtime.failed' || type === 'listener.failed')
  expect(bad).toEqual([])
  expect(
    runtime
      .status()
      .filter(({ servedBy }) => servedBy !== 'instance')
      .map(({ id }) => id),
  ).toEqual(['message_bus'])
})

/** Mounted in servers of several kinds: those that take off what they have matched, and those that do not. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { type DashboardHandler, handlerOf } from '../../src/dashboard/mount.ts'
import { asJson, bearer, desk, FrameReader, send, token } from './desk.ts'

function mounted(prefix: string) {
  const made = desk()
  const handler = handlerOf((request, place) => made.app.fetch(request, place), prefix, token)
  return { ...made, handler }
}

async function serving(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(
    () =>
      new Promise<void>((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  )
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const host = (response: ServerResponse) => () => void response.end('host')

/** As Express: takes off what it has matched, and remembers the whole. */
function taking(
  path: string,
  handler: DashboardHandler,
  prepare: (request: IncomingMessage) => Promise<void> | void = () => undefined,
) {
  return async (request: IncomingMessage & { originalUrl?: string }, response: ServerResponse) => {
    const whole = request.url ?? '/'
    if (whole !== path && !whole.startsWith(`${path}/`) && !whole.startsWith(`${path}?`))
      return void response.end('host')
    request.originalUrl = whole
    const rest = whole.slice(path.length)
    request.url = rest.startsWith('/') ? rest : `/${rest}`
    await prepare(request)
    handler(request, response, host(response))
  }
}

async function worksUnder(port: number, prefix: string): Promise<void> {
  const toSlash = await send(port, `${prefix}?token=${token}`)
  const last = prefix.split('/').at(-1)
  expect([toSlash.status, toSlash.headers.location]).toEqual([307, `./${last}/?token=${token}`])
  const first = await send(port, `${prefix}/?token=${token}`)
  expect([first.status, first.headers.location]).toEqual([303, './'])
  const cookie = String(first.headers['set-cookie']).split(';')[0] ?? ''
  expect(cookie).toBe(`lazaret-${port}${prefix.replaceAll('/', '-')}=${token}`)
  expect(await send(port, `${prefix}/`, { headers: { cookie } })).toMatchObject({ status: 200 })
  const script = await send(port, `${prefix}/assets/index-1a2b.js`, { headers: { cookie } })
  expect([script.status, script.text]).toEqual([200, 'export {}'])
  expect((await send(port, `${prefix}/api/state`)).status).toBe(401)
  const command = { method: 'POST', headers: { ...bearer, ...asJson }, body: '{"kernel":"a"}' }
  expect(await send(port, `${prefix}/api/ops/restart`, command)).toMatchObject({
    status: 200,
    text: '{"result":{"id":"a"}}',
  })
}

test('in a server of node:http, under a prefix; what lies outside falls through', async () => {
  const { handler } = mounted('/ops/lazaret')
  const port = await serving((request, response) => handler(request, response, host(response)))
  await worksUnder(port, '/ops/lazaret')
  for (const path of [
    '/',
    '/ops',
    '/ops/lazaretto',
    '/OPS/LAZARET/',
    '/ops/lazaret/../x',
    '/ops/lazaret/%2e%2e/x',
    '/?a=/ops/lazaret/',
  ])
    expect([path, (await send(port, path, { headers: bearer })).text]).toEqual([path, 'host'])
  expect(handler.path).toBe(`/ops/lazaret/?token=${token}`)
})

test('with nobody to fall through to it answers 404', async () => {
  const { handler } = mounted('/lazaret')
  const port = await serving(handler)
  expect((await send(port, '/other', { headers: bearer })).status).toBe(404)
})

test('behind a router that takes off the path, with the prefix given and without', async () => {
  for (const prefix of ['/lazaret', '']) {
    const { handler } = mounted(prefix)
    const port = await serving(taking('/lazaret', handler))
    await worksUnder(port, '/lazaret')
    expect((await send(port, '/other')).text).toBe('host')
  }
})

test('behind a router within a router', async () => {
  const { handler } = mounted('/lazaret')
  await worksUnder(await serving(taking('/ops/lazaret', handler)), '/ops/lazaret')
  await worksUnder(await serving(taking('/ops', handler)), '/ops/lazaret')
})

test('behind something that has parsed the body already', async () => {
  const { handler } = mounted('/lazaret')
  const parse = async (request: IncomingMessage & { body?: unknown }) => {
    if (request.method !== 'POST') return
    let text = ''
    for await (const chunk of request) text += chunk
    request.body = JSON.parse(text)
  }
  await worksUnder(await serving(taking('/lazaret', handler, parse)), '/lazaret')
})

test('at the root of a server', async () => {
  const { handler } = mounted('')
  const port = await serving(handler)
  const first = await send(port, `/?token=${token}`)
  expect([first.status, String(first.headers['set-cookie']).split('=')[0]]).toEqual([303, `lazaret-${port}`])
  expect((await send(port, '/api/state', { headers: bearer })).status).toBe(200)
})

test('as a handler of web requests, which says nothing to what lies outside', async () => {
  const { handler, done } = mounted('/lazaret')
  const ask = (path: string, init: RequestInit = { headers: bearer }) =>
    handler(new Request(`http://localhost:3000${path}`, init))
  expect(await ask('/other')).toBeUndefined()
  expect((await ask('/lazaret'))?.headers.get('location')).toBe('./lazaret/')
  expect((await ask('/lazaret/api/state'))?.status).toBe(200)
  const body = '{"kernel":"a"}'
  await ask('/lazaret/api/ops/park', { method: 'POST', headers: { ...bearer, ...asJson }, body })
  expect(done).toEqual(['park a'])
  expect((await handler(new Request('http://evil.example/lazaret/', { headers: bearer })))?.status).toBe(421)
})

test('a stream is ended with its connection, and the connection with its stream', async () => {
  const { handler, app, events, clock } = mounted('/lazaret')
  const port = await serving(handler)
  const abort = new AbortController()
  const ask = (signal?: AbortSignal) =>
    fetch(`http://127.0.0.1:${port}/lazaret/api/events`, { headers: bearer, ...(signal && { signal }) })
  const frames = new FrameReader(await ask(abort.signal))
  expect(await frames.next()).toMatchObject({ type: 'state' })
  events.emit('kernel.resumed', 'a')
  clock.advance(100)
  expect(await frames.next()).toMatchObject({ type: 'events' })
  abort.abort()
  await expect(frames.next()).rejects.toThrow()
  const other = new FrameReader(await ask())
  await other.next()
  app.close()
  expect(await other.next()).toBeUndefined()
})

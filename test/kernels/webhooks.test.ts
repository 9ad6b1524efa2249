/** Over a real HTTP server on 127.0.0.1: what arrives there, and what is made of its answers. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import webhooks from '../../kernels/webhooks/kernel.ts'
import { type Answers, type StartOptions, startKernel } from './fake-context.ts'

interface Arrived {
  url: string | undefined
  method: string | undefined
  headers: IncomingHttpHeaders
  body: string
}
type Answer = (response: ServerResponse, request: IncomingMessage, count: number) => void

const vault: Answers = { 'vault.get': (name: string) => `the word of ${name}` }

/** A receiver that answers as told; its `host` goes on the list. */
async function receiver(answer: Answer = (response) => response.writeHead(204).end()) {
  const arrived: Arrived[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { url, method, headers } = request
    arrived.push({ url, method, headers, body: Buffer.concat(parts).toString() })
    answer(response, request, arrived.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { arrived, host, message: { to: `http://${host}/in?key=1`, subject: 'news', body: 'all is ü' } }
}

const start = (host: string, config: object = {}, options: Partial<StartOptions> = {}) =>
  startKernel(webhooks, { id: 'webhooks', config: { allow: [host], backoffMs: 1, ...config }, ...options })

test('a message arrives whole, signed so that its receiver can reckon the signature again', async () => {
  const { arrived, host, message } = await receiver()
  const { ask, asked, clock } = await start(host, { secret: 'signing' }, { answers: vault })
  expect(await ask.send({ ...message, id: 'mine.1' })).toEqual({ id: 'mine.1', status: 'delivered', attempts: 1 })
  expect(asked).toEqual([{ to: 'vault', method: 'get', args: ['signing'] }])
  const { headers, body, ...line } = arrived[0] as Arrived
  expect(line).toEqual({ url: '/in?key=1', method: 'POST' })
  expect(JSON.parse(body)).toEqual({ id: 'mine.1', subject: 'news', body: 'all is ü' })
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-lazaret-id': 'mine.1' })
  expect(headers['x-lazaret-timestamp']).toBe(String(clock.nowMs))
  const hmac = createHmac('sha256', 'the word of signing').update(`${clock.nowMs}.${body}`).digest('hex')
  expect(headers['x-lazaret-signature']).toBe(`sha256=${hmac}`)
})

test.each([500, 503, 429, 408])('an answer of %i is tried again, under the same id', async (status) => {
  const { arrived, host, message } = await receiver((response, _, count) =>
    response.writeHead(count < 3 ? status : 200).end('a body that nobody reads'),
  )
  const { ask } = await start(host)
  const { id, attempts } = await ask.send(message)
  expect(attempts).toBe(3)
  expect(arrived.map((each) => each.headers['x-lazaret-id'])).toEqual([id, id, id])
  expect(new Set(arrived.map((each) => each.body)).size).toBe(1)
})

test('a connection that breaks is tried again; when the attempts are spent the caller is told', async () => {
  const { arrived, host, message } = await receiver((response) => response.destroy())
  const { ask } = await start(host, { attempts: 2 })
  await expect(ask.send(message)).rejects.toMatchObject({
    code: 'DELIVERY_FAILED',
    message: expect.stringContaining('2'),
  })
  expect(arrived).toHaveLength(2)
  expect(await ask.stats()).toMatchObject({ delivered: 0, failed: 1, refused: 0, attempts: 2 })
})

test('a receiver that does not answer is given up in time', async () => {
  const { arrived, host, message } = await receiver(() => {})
  const { ask } = await start(host, { attempts: 1, timeoutMs: 50 })
  await expect(ask.send(message)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' })
  expect(arrived).toHaveLength(1)
})

test.each([400, 401, 404, 410])('an answer of %i is final', async (status) => {
  const { arrived, host, message } = await receiver((response) => response.writeHead(status).end())
  const { ask } = await start(host)
  await expect(ask.send(message)).rejects.toMatchObject({ code: 'DELIVERY_REFUSED' })
  expect(arrived).toHaveLength(1)
})

test('a redirect is not followed, not even to a host on the list', async () => {
  const { arrived, host, message } = await receiver((response, _, count) => {
    if (count === 1) response.writeHead(307, { location: '/elsewhere' })
    response.end()
  })
  const { ask } = await start(host)
  await expect(ask.send(message)).rejects.toMatchObject({ code: 'DELIVERY_REFUSED' })
  expect(arrived).toHaveLength(1)
})

test.each([
  ['another port', (host: string) => `http://${host.split(':')[0]}:1/`, 'HOST_NOT_ALLOWED'],
  ['another name of the same machine', (host: string) => `http://localhost:${host.split(':')[1]}/`, 'HOST_NOT_ALLOWED'],
  ['the host as a user', (host: string) => `http://${host}@example.org/`, 'INVALID_URL'],
  ['a password', (host: string) => `http://me:word@${host}/`, 'INVALID_URL'],
  ['another scheme', (host: string) => `ftp://${host}/`, 'INVALID_URL'],
  ['no URL', (host: string) => host, 'INVALID_URL'],
])('a target that is %s is refused, and nothing is sent', async (_, target, code) => {
  const { arrived, host, message } = await receiver()
  const { ask, asked } = await start(host, { secret: 'signing' }, { answers: vault })
  await expect(ask.send({ ...message, to: target(host) })).rejects.toMatchObject({ code })
  expect([arrived, asked]).toEqual([[], []])
  expect(await ask.stats()).toMatchObject({ refused: 1, failed: 0, attempts: 0 })
})

test('an address that is written in another way is the same host', async () => {
  const { arrived, host, message } = await receiver()
  const { ask } = await start(host)
  await ask.send({ ...message, to: `http://2130706433:${host.split(':')[1]}/` })
  expect(arrived).toHaveLength(1)
})

test.each([
  ['is away', {}],
  ['has no such secret', { 'vault.get': () => null }],
  ['hands out nothing', { 'vault.get': () => '' }],
])('unsigned nothing is sent: the vault %s', async (_, answers: Answers) => {
  const { arrived, host, message } = await receiver()
  const { ask } = await start(host, { secret: 'signing' }, { answers })
  await expect(ask.send(message)).rejects.toMatchObject({ code: 'SIGNING_FAILED' })
  expect(arrived).toEqual([])
})

test('without a secret in the configuration nothing is signed, and the vault is not asked', async () => {
  const { arrived, host, message } = await receiver()
  const { ask, asked } = await start(host)
  await ask.send(message)
  expect(arrived[0]?.headers).not.toHaveProperty('x-lazaret-signature')
  expect(asked).toEqual([])
})

test('a successor goes on with the counts; of a target the host alone is kept, and no secret', async () => {
  const { host, message } = await receiver()
  const first = await start(host, { secret: 'signing' }, { answers: vault })
  const { id } = await first.ask.send(message)
  const restored = await first.snapshot()
  expect(JSON.stringify(restored)).not.toMatch(/key=1|the word of/)
  const { ask, clock } = await start(host, {}, { restored })
  const last = [{ id, host, at: clock.nowMs, status: 'delivered', attempts: 1 }]
  expect(await ask.stats()).toEqual({ delivered: 1, failed: 0, refused: 0, attempts: 1, last })
})

test('the last fifty deliveries are kept', async () => {
  const { host, message } = await receiver()
  const { ask } = await start(host)
  for (let n = 0; n < 52; n++) await ask.send({ ...message, id: `m${n}` })
  const { last } = await ask.stats()
  expect([last.length, last[0]?.id, last.at(-1)?.id]).toEqual([50, 'm2', 'm51'])
})

test.each([
  [{ subject: '' }],
  [{ subject: 'x'.repeat(501) }],
  [{ body: 7 }],
  [{ body: 'x'.repeat(262_145) }],
  [{ id: 'two\r\nlines: x' }],
  [{ to: undefined }],
  [{ to: `http://x/${'y'.repeat(2048)}` }],
])('a bad message is refused with a code: %o', async (wrong) => {
  const { arrived, host, message } = await receiver()
  const { ask } = await start(host)
  await expect(ask.send({ ...message, ...wrong } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(arrived).toEqual([])
})

test.each([
  [{ allow: 'x' }, 'config.allow'],
  [{ allow: ['https://x.example'] }, 'config.allow'],
  [{ allow: ['X.example'] }, 'config.allow'],
  [{ allow: ['x.example/path'] }, 'config.allow'],
  [{ secret: '' }, 'config.secret'],
  [{ attempts: 0 }, 'config.attempts'],
  [{ timeoutMs: 1.5 }, 'config.timeoutMs'],
  [{ backoffMs: 'soon' }, 'config.backoffMs'],
])('a bad configuration keeps it from starting, and says where: %j', async (config, where) => {
  const started = startKernel(webhooks, { id: 'webhooks', config })
  await expect(started).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(where) })
})

test.each([[{}], [{ counters: { delivered: 1 }, last: [] }], [{ counters: null, last: [] }]])(
  'a damaged state keeps it from starting: %j',
  async (restored) => {
    await expect(startKernel(webhooks, { id: 'webhooks', restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  },
)

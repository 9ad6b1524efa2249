/** Each attack over real HTTP on the loopback address, by raw socket where node:http would not send it. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { asJson, bearer, send, served, token } from './desk.ts'

const impatient = { headerMs: 150, requestMs: 300, checkMs: 30 }

/** Writes the pieces, and resolves with all that comes back until the connection ends. */
function raw(port: number, ...pieces: string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    // Reset by the other side: what was said before that is what counts.
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
    for (const piece of pieces) socket.write(piece)
  })
}

test('a name that was bound to this machine by somebody else is refused, before anything is looked at', async () => {
  const { port } = await served()
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    'localhost',
    'localhost:1',
  ])
    for (const path of ['/', `/?token=${token}`, '/api/state', '/nothing'])
      expect([host, (await send(port, path, { headers: { host, ...bearer } })).status]).toEqual([host, 421])
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`])
    expect([host, (await send(port, '/api/state', { headers: { host, ...bearer } })).status]).toEqual([host, 200])
  const page = await send(port, '/', { headers: { host: '<script>', accept: 'text/html' } })
  expect([page.status, page.text.includes('<script>')]).toEqual([400, false])
})

test('two hosts, none, and an address with a host of its own', async () => {
  const { port } = await served()
  const rest = `Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`
  const own = `Host: 127.0.0.1:${port}\r\n`
  expect(await raw(port, `GET /api/state HTTP/1.1\r\n${own}Host: evil.example\r\n${rest}`)).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw(port, `GET /api/state HTTP/1.1\r\n${own}${own}${rest}`)).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw(port, `GET /api/state HTTP/1.1\r\n${rest}`)).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw(port, `GET /api/state HTTP/1.0\r\n${rest}`)).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw(port, `GET http://evil.example/api/state HTTP/1.1\r\nHost: evil.example\r\n${rest}`)).toMatch(
    /^HTTP\/1\.1 421 /,
  )
  expect(await raw(port, `GET /api/state HTTP/1.1\r\n${own}${rest}`)).toMatch(/^HTTP\/1\.1 200 /)
})

test('a page of another origin may neither ask nor command, and gets no header that would let it read', async () => {
  const { port, done } = await served()
  const command = { method: 'POST', body: '{"kernel":"a"}' }
  for (const origin of [
    'https://evil.example',
    `http://localhost:${port + 1}`,
    'null',
    `http://127.0.0.1:${port}.evil.example`,
  ]) {
    const answer = await send(port, '/api/ops/restart', { ...command, headers: { origin, ...bearer, ...asJson } })
    expect([origin, answer.status]).toEqual([origin, 403])
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  }
  for (const site of ['cross-site', 'same-site']) {
    const asks = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }
    for (const path of ['/', '/api/state', '/assets/index-1a2b.js'])
      expect((await send(port, path, { headers: { ...asks, ...bearer } })).status).toBe(403)
    const frame = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
    expect((await send(port, '/', { headers: { ...frame, ...bearer } })).status).toBe(403)
    const visit = { ...frame, 'sec-fetch-dest': 'document' }
    expect((await send(port, '/api/state', { headers: { ...visit, ...bearer } })).status).toBe(403)
    expect((await send(port, '/', { headers: visit })).status).toBe(200)
  }
  expect(done).toEqual([])
  const own = { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }
  expect((await send(port, '/api/ops/restart', { ...command, headers: { ...own, ...bearer, ...asJson } })).status).toBe(
    200,
  )
})

test('a form of another site, which needs no leave to be sent, is no command', async () => {
  const { port, done } = await served()
  const cookie = `lazaret-${port}=${token}`
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonp',
    '',
  ]) {
    const headers = { cookie, ...bearer, ...(type && { 'content-type': type }) }
    const answer = await send(port, '/api/ops/restart', { method: 'POST', headers, body: '{"kernel":"a"}' })
    expect([type, answer.status]).toEqual([type, 415])
  }
  expect(done).toEqual([])
})

test('a wrong token opens nothing, however it is given', async () => {
  const { port, done } = await served()
  const near = [`${token}x`, token.slice(1), token.toUpperCase(), '', 'x'.repeat(4000), '%00']
  for (const wrong of near) {
    const ways = [
      send(port, `/?token=${wrong}`),
      send(port, '/api/state', { headers: { authorization: `Bearer ${wrong}` } }),
      send(port, '/api/state', { headers: { authorization: wrong } }),
      send(port, '/api/state', { headers: { cookie: `lazaret-${port}=${wrong}` } }),
      send(port, '/api/ops/restart', {
        ...{ method: 'POST', body: '{"kernel":"a"}' },
        headers: { authorization: `Bearer ${wrong}`, ...asJson },
      }),
    ]
    expect((await Promise.all(ways)).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401])
  }
  // The cookie of a dashboard on another port.
  expect((await send(port, '/api/state', { headers: { cookie: `lazaret-${port + 1}=${token}` } })).status).toBe(401)
  expect(done).toEqual([])
})

test('no path leads to a file beside the page, and no id out of its place', async () => {
  const { port } = await served()
  const ids = [
    ...[
      '../secret',
      '..%2fsecret',
      '..%2Fsecret',
      '%2e%2e%2fsecret',
      '..%252fsecret',
      '%252e%252e%252fsecret',
      '..%5csecret',
    ],
    ...[
      '%00',
      'index.html%00.js',
      '%2fetc%2fpasswd',
      '/etc/passwd',
      '//etc/passwd',
      'c:%5cwindows',
      '....//secret',
      '%',
    ],
    ...['%c0%ae%c0%ae%2fsecret', 'x'.repeat(8000), '__proto__', '..;/secret', 'file:%2f%2f%2fetc%2fpasswd'],
  ]
  for (const id of ids) {
    for (const path of [`/${id}`, `/assets/${id}`, `/api/charts/${id}/x:0`, `/api/charts/a/${id}`, `/api/logs/${id}`]) {
      const { status, text } = await send(port, path, { headers: bearer })
      expect([path, status === 400 || status === 404]).toEqual([path, true])
      expect(text).not.toMatch(/^secret|root:/)
    }
    const op = await send(port, `/api/ops/${id}`, { method: 'POST', headers: { ...bearer, ...asJson }, body: '{}' })
    expect([id, op.status === 400 || op.status === 404]).toEqual([id, true])
  }
})

test('a body is read up to its bound, and one byte more is refused', async () => {
  const { port } = await served()
  const bodyOf = (bytes: number) =>
    JSON.stringify({ kernel: 'a', x: 'x'.repeat(bytes - '{"kernel":"a","x":""}'.length) })
  const post = (body: string) =>
    send(port, '/api/ops/logs', { method: 'POST', headers: { ...bearer, ...asJson }, body })
  expect((await post(bodyOf(limits.dashboardBodyBytes))).status).toBe(200)
  expect((await post(bodyOf(limits.dashboardBodyBytes + 1))).status).toBe(413)
  for (const body of ['', '{', '[]', 'null', '"text"', '\u0000'])
    expect([body, (await post(body)).status]).toEqual([body, 400])
})

test('a body of 10 MB is refused before it is sent, and where its length is not said once it is too long', async () => {
  const { port, done } = await served()
  const head = `POST /api/ops/restart HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
  expect(await raw(port, `${head}Content-Length: 10485760\r\n\r\n{`)).toMatch(
    /^HTTP\/1\.1 413 [\s\S]*connection: close/i,
  )
  const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
  expect(await raw(port, `${head}Transfer-Encoding: chunked\r\n\r\n`, ...Array(5).fill(chunk))).toMatch(
    /^HTTP\/1\.1 413 /,
  )
  expect(done).toEqual([])
})

test('a client that sends its header, or its body, bit by bit is cut off', async () => {
  const { port } = await served({}, impatient)
  const drip = (text: string, more: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      let answer = ''
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk
      })
      socket.write(text)
      const timer = setInterval(() => socket.write(more), 20)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        clearInterval(timer)
        resolve(answer)
      })
    })
  expect(await drip('GET / HTTP/1.1\r\nX-A: ', 'a')).toMatch(/^HTTP\/1\.1 408 /)
  const head = `POST /api/ops/logs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
  expect(await drip(`${head}Content-Length: 60000\r\n\r\n{`, ' ')).toMatch(/^HTTP\/1\.1 408 |^$/)
  // One that says nothing at all.
  expect(await raw(port)).toMatch(/^HTTP\/1\.1 408 |^$/)
})

test('headers are bounded, and connections are', async () => {
  const { port, http } = await served()
  expect(await raw(port, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  )
  expect([http.maxConnections, http.headersTimeout, http.requestTimeout]).toEqual([
    ...[limits.dashboardConnections, limits.dashboardHeaderMs, limits.dashboardRequestMs],
  ])
})

test('a client that never reads its stream costs bounded memory, and its connection is ended', async () => {
  const { port, clock, events, http } = await served()
  const socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  await new Promise<void>((resolve) => void http.once('request', () => resolve()))
  const text = 'word '.repeat(200)
  const storm = async () => {
    for (let n = 0; n < limits.dashboardFrameEvents; n += 1) events.emit('kernel.resumed', 'a', { text })
    clock.advance(limits.dashboardFrameMs)
    // The socket takes what it can.
    await new Promise((resolve) => setImmediate(resolve))
  }
  // Past what the kernel's own buffers on both sides take, and the stream's.
  for (let bytes = 0; bytes < 24 * 1_048_576; bytes += limits.dashboardFrameBytes) await storm()
  clock.advance(limits.dashboardStalledMs)
  await storm()
  expect(await new Promise((resolve) => http.getConnections((_, count) => resolve(count)))).toBe(0)
  socket.resume()
  await closed
})

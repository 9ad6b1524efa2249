import { expect, test } from 'vitest'
import type { Chart } from '../../src/chart/model.ts'
import type { DashboardApp } from '../../src/dashboard/app.ts'
import { acceptedHosts, parseHost, reachable } from '../../src/dashboard/hosts.ts'
import { asJson, bearer, desk, token } from './desk.ts'

const origin = 'http://localhost:4000'

const get = (app: DashboardApp, path: string, headers: Record<string, string> = bearer, method = 'GET') =>
  app.fetch(new Request(`${origin}${path}`, { headers, method }))

const post = (
  app: DashboardApp,
  op: string,
  body: unknown,
  headers: Record<string, string> = { ...bearer, ...asJson },
) => app.fetch(new Request(`${origin}/api/ops/${op}`, { method: 'POST', headers, body: JSON.stringify(body) }))

const errorOf = async (response: Response) => ((await response.json()) as { error: Record<string, unknown> }).error

test('the address with the token sets a cookie and leads to the page, which gets the token for its commands', async () => {
  const { app } = desk()
  const first = await get(app, `/?token=${token}`, {})
  expect([first.status, first.headers.get('location')]).toEqual([303, './'])
  expect(first.headers.get('set-cookie')).toBe(`lazaret-4000=${token}; HttpOnly; SameSite=Strict`)
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? ''
  const page = await get(app, '/', { cookie })
  expect(page.status).toBe(200)
  expect(await page.text()).toContain(`name="lazaret-token" content="${token}"`)
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self';.*frame-ancestors 'none'$/)
  expect((await get(app, '/api/state', { cookie })).status).toBe(200)
})

test('over TLS the cookie is sent over TLS only', async () => {
  const { app } = desk({ isAccepted: acceptedHosts(undefined, ['lazaret.example']) })
  const answer = await app.fetch(new Request(`https://lazaret.example/?token=${token}`))
  expect(answer.headers.get('set-cookie')).toBe(`lazaret-443=${token}; HttpOnly; SameSite=Strict; Secure`)
})

test('a visit from another site lands on a page that begins it anew, as the cookie is not sent along with it', async () => {
  const { app } = desk()
  const visit = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  const withToken = await get(app, `/?token=${token}`, visit)
  expect(withToken.status).toBe(200)
  expect(withToken.headers.get('set-cookie')).toContain(`lazaret-4000=${token}`)
  const text = await withToken.text()
  expect(text).toContain("location.replace('./'+location.hash)")
  expect(text).not.toContain(token)
  const without = await get(app, '/', { ...visit, cookie: 'theme=dark' })
  expect([without.status, without.headers.has('set-cookie')]).toEqual([200, false])
  expect((await get(app, '/?token=wrong', visit)).status).toBe(401)
})

test('without the token everything is refused, as a page for a person and as JSON for a program', async () => {
  const { app } = desk()
  for (const path of ['/', '/api/state', '/api/events', '/assets/index-1a2b.js', '/LICENSES.md', '/nothing']) {
    const wrong: Record<string, string>[] = [{}, { cookie: 'lazaret-4000=wrong' }, { authorization: 'Bearer wrong' }]
    for (const headers of wrong) {
      const answer = await get(app, path, headers)
      expect([path, answer.status]).toEqual([path, 401])
      expect(await errorOf(answer)).toMatchObject({ hint: expect.stringContaining('?token=') })
    }
  }
  const page = await get(app, '/', { accept: 'text/html,*/*' })
  expect([page.status, page.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8'])
  expect(await page.text()).toContain('Open the address that ends in ?token=')
  expect((await get(app, `/api/state?token=${token}`, {})).status).toBe(401)
})

test('a cookie is enough to look, and not to command', async () => {
  const { app, done } = desk()
  const cookie = { cookie: `lazaret-4000=${token}`, ...asJson }
  expect((await post(app, 'status', { kernel: 'a' }, cookie)).status).toBe(200)
  expect((await post(app, 'restart', { kernel: 'a' }, cookie)).status).toBe(401)
  expect(done).toEqual(['status a'])
})

test('a command is told before it is carried out, without its secrets and the whole of a long text', async () => {
  const { app, seen, done } = desk()
  const answer = await post(app, 'restart', { kernel: 'a', password: 'x', diff: 'd'.repeat(401) })
  expect(await answer.json()).toEqual({ result: { id: 'a' } })
  const params = { kernel: 'a', password: '[redacted]', diff: `${'d'.repeat(400)}... [1 more characters]` }
  expect(seen).toMatchObject([{ type: 'command.given', kernel: 'a', op: 'restart', by: 'dashboard', params }])
  await post(app, 'logs', { kernel: 'a' })
  await post(app, 'repairs', { kernel: 'a' })
  expect(seen.length).toBe(1)
  await post(app, 'repairs', { kernel: 'a', on: false })
  expect(seen.at(-1)).toMatchObject({ op: 'repairs', params: { on: false } })
  expect(done).toEqual(['restart a', 'logs a', 'repairs a', 'repairs a'])
  await post(app, 'park', { kernel: 'nobody' })
  expect(seen.at(-1)?.kernel).toBeUndefined()
})

test('one that only shows refuses what changes something, and answers the rest', async () => {
  const { app, done, seen } = desk({ readOnly: true })
  const refused = await post(app, 'restart', { kernel: 'a' })
  expect(refused.status).toBe(403)
  expect(await errorOf(refused)).toMatchObject({ code: 'READ_ONLY', hint: expect.stringContaining('command line') })
  expect((await post(app, 'repairs', { on: true })).status).toBe(403)
  expect((await post(app, 'logs', { kernel: 'a' })).status).toBe(200)
  expect([done, seen]).toEqual([['logs a'], []])
  expect(await (await get(app, '/api/state')).json()).toMatchObject({ readOnly: true })
})

test('each refusal of an op has its status', async () => {
  const { app, failures } = desk()
  const statusOfKernel = async (kernel: unknown) => (await post(app, 'park', { kernel })).status
  expect(await Promise.all([1, 'nobody', 'parked', 'late'].map(statusOfKernel))).toEqual([400, 404, 409, 503])
  const parked = await errorOf(await post(app, 'park', { kernel: 'parked' }))
  expect(parked).toEqual(expect.objectContaining({ code: 'COMMAND_REFUSED', message: 'parked is parked.' }))
  expect(parked).not.toHaveProperty('stack')
  expect(failures).toEqual([])
  const defect = await post(app, 'park', { kernel: 'defect' })
  expect([defect.status, failures]).toEqual([500, [expect.any(TypeError)]])
  const unknown = await post(app, 'explode', {})
  expect([unknown.status, (await errorOf(unknown)).code]).toEqual([404, 'NOT_FOUND'])
  expect((await post(app, 'events', {})).status).toBe(404)
  expect(await (await post(app, 'status', { kernel: 'a' })).json()).toEqual({ result: null })
})

test('a method that an address does not answer is refused with those that it does', async () => {
  const { app } = desk()
  const refusals = [
    ...(['/api/state', '/', '/api/events', '/api/charts/lifecycle'] as const).map(
      (path) => [path, 'POST', 'GET, HEAD'] as const,
    ),
    ['/api/ops/status', 'GET', 'POST'],
    ['/api/ops/status', 'DELETE', 'POST'],
    ['/api/state', 'OPTIONS', 'GET, HEAD'],
  ] as const
  for (const [path, method, allow] of refusals) {
    const answer = await get(app, path, bearer, method)
    expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow])
    expect(answer.headers.has('access-control-allow-origin')).toBe(false)
  }
  const head = await get(app, '/api/state', bearer, 'HEAD')
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('every answer forbids what a browser might guess, frame or share', async () => {
  const { app } = desk()
  for (const path of ['/', '/api/state', '/api/events', '/assets/index-1a2b.js', '/nothing', '/api/ops/x']) {
    const { headers, body } = await get(app, path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe(
      path.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store',
    )
    await body?.cancel()
  }
})

test('a file of the built page is served by its name, and nothing else is', async () => {
  const { app } = desk()
  const script = await get(app, '/assets/index-1a2b.js')
  expect([script.headers.get('content-type'), await script.text()]).toEqual([
    'text/javascript; charset=utf-8',
    'export {}',
  ])
  expect((await get(app, '/LICENSES.md')).headers.get('content-type')).toBe('text/plain; charset=utf-8')
  // It holds the place of the token, and is served as the page only.
  for (const path of ['/index.html', '/assets/', '/assets', '/assets/other.js', '/constructor', '/__proto__'])
    expect([path, (await get(app, path)).status]).toEqual([path, 404])
})

test('a chart is drawn, and not sent again to whoever has it', async () => {
  const chart = { id: 'lifecycle' } as Chart
  const drawn = { chart, layout: { width: 1, height: 1, nodes: {}, initials: {}, edges: [] }, svg: '<svg/>' }
  let drawings = 0
  const draw = async () => {
    drawings += 1
    return drawn
  }
  const ofSession = (kernel: string, session: string) => (`${kernel} ${session}` === 'a x:0' ? chart : undefined)
  const { app } = desk({ more: { charts: { lifecycle: chart, ofSession, key: () => 'k1', draw } } })
  const first = await get(app, '/api/charts/lifecycle')
  expect(await first.json()).toEqual(drawn)
  expect(first.headers.get('etag')).toBe('"k1"')
  const again = await get(app, '/api/charts/lifecycle', { ...bearer, 'if-none-match': '"k1"' })
  expect([again.status, await again.text(), drawings]).toEqual([304, '', 1])
  expect((await get(app, '/api/charts/a/x:0')).status).toBe(200)
  expect((await get(app, '/api/charts/a/x:1')).status).toBe(404)
})

test('a route that is added is checked like the others; an open one needs no token, but a name that is accepted', async () => {
  const answer = () => new Response('ok')
  const routes = [
    { method: 'GET', path: '/healthz', access: 'open', answer },
    { method: 'GET', path: '/metrics', access: 'read', answer },
  ] as const
  const { app } = desk({ more: { routes } })
  expect((await get(app, '/healthz', {})).status).toBe(200)
  expect((await get(app, '/healthz', { host: 'evil.example' })).status).toBe(421)
  expect((await get(app, '/metrics', {})).status).toBe(401)
  expect((await get(app, '/metrics')).status).toBe(200)
  expect((await get(app, '/healthz', bearer, 'POST')).status).toBe(405)
})

test('a host name is read with its port, and refused where it is none', () => {
  expect(parseHost('LocalHost:80')).toEqual({ name: 'localhost', port: 80 })
  expect(parseHost('[::1]')).toEqual({ name: '[::1]' })
  for (const text of ['', 'a,b', 'a b', 'a:1:2', 'a:', 'a/b', 'user@a', '::1']) expect(parseHost(text)).toBeUndefined()
})

test('its own names are accepted with its own port, further ones as they are given', () => {
  const own = acceptedHosts({ address: '127.0.0.1', port: 4000 }, ['lazaret.example', 'proxy.example:8443'])
  const accepted = (text: string) => own(parseHost(text) ?? { name: '' }, 80)
  expect(
    [
      'localhost:4000',
      '127.0.0.1:4000',
      '[::1]:4000',
      'lazaret.example',
      'lazaret.example:1',
      'proxy.example:8443',
    ].map(accepted),
  ).toEqual(Array(6).fill(true))
  expect(
    ['localhost', 'localhost:4001', 'localhost.:4000', 'proxy.example', 'a.lazaret.example', '127.1:4000'].map(
      accepted,
    ),
  ).toEqual(Array(6).fill(false))
  expect(acceptedHosts({ address: '127.0.0.1', port: 80 }, [])({ name: 'localhost' }, 80)).toBe(true)
  // However an IPv6 address was written, browsers send one spelling.
  for (const address of ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'])
    expect(acceptedHosts({ address, port: 80 }, ['[2001:db8:0::8]'])({ name: '[2001:db8::7]', port: 80 }, 80)).toBe(
      true,
    )
  expect(acceptedHosts(undefined, ['[2001:db8:0::8]'])({ name: '[2001:db8::8]' }, 80)).toBe(true)
  expect(acceptedHosts({ address: '0:0::0', port: 80 }, [])({ name: '127.0.0.1' }, 80)).toBe(true)
  expect(['0:0::0', '0.0.0.0', '2001:DB8:0::7', 'fe80::1%lo'].map(reachable)).toEqual([
    '127.0.0.1',
    '127.0.0.1',
    '[2001:db8::7]',
    '[fe80::1%lo]',
  ])
  // Mounted, it does not know the port; where it listens on all addresses, those of the machine are its own.
  expect(acceptedHosts(undefined, [])({ name: 'localhost', port: 3000 }, 80)).toBe(true)
  expect(acceptedHosts({ address: '0.0.0.0', port: 4000 }, [])({ name: '127.0.0.1', port: 4000 }, 80)).toBe(true)
  expect(acceptedHosts({ address: '0.0.0.0', port: 4000 }, [])({ name: '192.0.2.7', port: 4000 }, 80)).toBe(false)
})

/**
 * The dashboard as a handler of web requests: the page's files, the state to begin with, the stream of what happens, and
 * the ops of the control protocol. It offers what the runtime's own methods do, and decides nothing.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type ServerType, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { toRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import { type ControlOp, controlOps } from '../control/protocol.ts'
import type { ControlTable } from '../control/server.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import type { Frame, Opening } from './wire.ts'

/** The part of a runtime that a dashboard shows. */
export interface DashboardPorts {
  readonly table: ControlTable
  opening(): Omit<Opening, 'readOnly'>
  status(): KernelStatus[]
  links(): Opening['links']
  on(listener: (event: LazaretEvent) => void): () => void
}

const pageFolder = new URL(import.meta.url.includes('/dist/') ? '../../page/' : '../../dist/page/', import.meta.url)
const kinds: Readonly<Record<string, string>> = {
  ...{ html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' },
  ...{ svg: 'image/svg+xml', md: 'text/markdown; charset=utf-8' },
}

export function dashboardApp(ports: DashboardPorts, token: string): Hono {
  const app = new Hono()
  app.get('/api/state', (c) => c.json({ ...ports.opening(), readOnly: false } satisfies Opening))
  app.get('/api/events', (c) =>
    streamSSE(c, async (stream) => {
      const frame = (one: Frame) => stream.writeSSE({ data: JSON.stringify(one) })
      const off = ports.on((event) => void frame({ type: 'events', events: [event], leftOut: 0 }))
      stream.onAbort(off)
      while (!stream.aborted) {
        await frame({ type: 'state', now: Date.now(), kernels: ports.status(), links: ports.links() })
        await stream.sleep(500)
      }
    }),
  )
  app.post('/api/ops/:op', async (c) => {
    const op = c.req.param('op') as Exclude<ControlOp, 'events'>
    try {
      if (!controlOps.includes(op))
        return c.json({ error: { code: 'NOT_FOUND', message: `There is no op ${op}.` } }, 404)
      return c.json({ result: (await ports.table[op](await c.req.json())) ?? null })
    } catch (thrown) {
      return c.json({ error: toRecord(thrown) }, 409)
    }
  })
  app.get('*', async (c) => {
    const name = c.req.path === '/' ? 'index.html' : c.req.path.slice(1)
    if (!/^(?:assets\/)?[\w.-]+$/.test(name)) return c.notFound()
    try {
      const text = await readFile(new URL(name, pageFolder), 'utf8')
      const type = kinds[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
      return c.body(text.replace('name="lazaret-token" content=""', `name="lazaret-token" content="${token}"`), 200, {
        'content-type': type,
      })
    } catch {
      // No such file in the built page.
      return c.notFound()
    }
  })
  return app
}

export interface DashboardServer {
  /** With the token. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

export function serveDashboard(
  ports: DashboardPorts,
  { port = 0 }: { readonly port?: number },
): Promise<DashboardServer> {
  const token = randomBytes(32).toString('base64url')
  const app = dashboardApp(ports, token)
  return new Promise((resolve) => {
    const server: ServerType = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (info) =>
      resolve({
        url: `http://127.0.0.1:${info.port}/?token=${token}`,
        port: info.port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            if ('closeAllConnections' in server) server.closeAllConnections()
          }),
      }),
    )
  })
}

/**
 * What machines ask of a program, under the addresses that they ask by default. `/healthz` and `/readyz` need no token: an
 * orchestrator has none, and they name kernels of tier 1 at most. A scraper shows the token, as `Authorization: Bearer`.
 */
import { json } from './answers.ts'
import type { DashboardRoute } from './routes.ts'

export interface SignalPorts {
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>
  /** Whether work may be sent to it. */
  readiness(): { readonly ok: boolean }
}

export function signalRoutes(ports: SignalPorts): DashboardRoute[] {
  return [
    {
      ...({ method: 'GET', path: '/metrics', access: 'read' } as const),
      async answer() {
        const { text, contentType } = await ports.metrics()
        return new Response(text, { headers: { 'content-type': contentType, 'cache-control': 'no-store' } })
      },
    },
    // That it answers is the answer.
    { method: 'GET', path: '/healthz', access: 'open', answer: () => json({ ok: true }) },
    {
      ...({ method: 'GET', path: '/readyz', access: 'open' } as const),
      answer() {
        const found = ports.readiness()
        return json(found, found.ok ? 200 : 503)
      },
    },
  ]
}

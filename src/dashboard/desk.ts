/** The dashboards of one runtime: opened, mounted, and closed with it. */
import { LazaretError } from '../base/errors.ts'
import { LayoutDesk } from '../chart/layout-desk.ts'
import { dressed, refuse } from './answers.ts'
import { DashboardApp } from './app.ts'
import { chartPorts } from './charts.ts'
import { acceptedHosts } from './hosts.ts'
import { type DashboardHandler, type Fetch, handlerOf } from './mount.ts'
import {
  checkDashboardOptions,
  checkHandlerOptions,
  type DashboardHandlerOptions,
  type DashboardOptions,
} from './options.ts'
import { PageFiles } from './page-files.ts'
import { type DashboardPorts, portsOf, type Shown } from './ports.ts'
import { closeServer, type DashboardServer, listen, serveApp } from './serve.ts'
import { makeToken } from './token.ts'

export class DashboardDesk {
  readonly #shown: () => Shown
  readonly #open = new Set<{ close(): unknown }>()
  /** Its thread runs only while something is laid out. */
  readonly #layouts = new LayoutDesk()
  #closed = false

  /** @param shown throws where the runtime is not running. */
  constructor(shown: () => Shown) {
    this.#shown = shown
  }

  async serve(given: DashboardOptions = {}): Promise<DashboardServer> {
    const {
      port = 0,
      host = '127.0.0.1',
      readOnly = false,
      hosts = [],
      token = makeToken(),
    } = checkDashboardOptions(given)
    const shown = this.#shown()
    const files = new PageFiles()
    const listening = await listen({ host, port, onError: shown.report })
    if (this.#closed) {
      await closeServer(listening.server)
      throw new LazaretError('RUNTIME_STOPPED', 'The runtime was stopped while the dashboard was opened.')
    }
    const isAccepted = acceptedHosts({ address: host, port: listening.port }, hosts)
    const ports = this.#portsOf(shown)
    const app = new DashboardApp(ports, { token, isAccepted, readOnly, files })
    const server = serveApp(listening, app, token)
    this.#open.add(server)
    this.#warm(ports)
    // Without the token: events are read by many.
    shown.events.emit('dashboard.served', undefined, { url: `${listening.origin}/`, readOnly })
    return {
      ...server,
      close: () => {
        this.#open.delete(server)
        return server.close()
      },
    }
  }

  /** It may be mounted before the runtime is started, and refuses until then. */
  handler(given: DashboardHandlerOptions = {}): DashboardHandler {
    const { prefix = '/', readOnly = false, hosts = [], token = makeToken() } = checkHandlerOptions(given)
    const files = new PageFiles()
    const base = prefix.replace(/\/$/, '')
    let app: DashboardApp | undefined
    const open = (): DashboardApp => {
      const shown = this.#shown()
      const ports = this.#portsOf(shown)
      const opened = new DashboardApp(ports, {
        token,
        isAccepted: acceptedHosts(undefined, hosts),
        readOnly,
        files,
      })
      this.#open.add(opened)
      this.#warm(ports)
      shown.events.emit('dashboard.served', undefined, { url: `${base}/`, readOnly })
      return opened
    }
    const fetch: Fetch = async (request, place) => {
      try {
        app ??= open()
      } catch (thrown) {
        return dressed(refuse(thrown, request))
      }
      return app.fetch(request, place)
    }
    return handlerOf(fetch, base, token)
  }

  /**
   * Every kernel's view has the lifecycle, and its layout takes seconds: it is begun now, so that whoever looks at the
   * first kernel need not wait. After the address has been handed out, in a thread of its own, which is ended with the desk.
   */
  #warm({ charts }: DashboardPorts): void {
    if (charts === undefined) return
    setImmediate(() => {
      // Closed meanwhile, or ELK stumbled: whoever asks for the chart asks again, and is told why there is none.
      if (!this.#closed) this.#layouts.layout(charts.lifecycle).catch(() => undefined)
    })
  }

  #portsOf(shown: Shown): DashboardPorts {
    return portsOf(shown, chartPorts(shown.machines, this.#layouts))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open].map((one) => one.close()))
    this.#open.clear()
    await this.#layouts.close()
  }
}

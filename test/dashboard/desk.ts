/** A dashboard over something made by hand: no threads, no journal on the disk, time that stands still until it is moved. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { LazaretError } from '../../src/base/errors.ts'
import { EventStream, type LazaretEvent } from '../../src/base/events.ts'
import { withCommandLog } from '../../src/control/command-log.ts'
import { controlOps } from '../../src/control/protocol.ts'
import type { ControlTable } from '../../src/control/server.ts'
import { DashboardApp } from '../../src/dashboard/app.ts'
import { acceptedHosts } from '../../src/dashboard/hosts.ts'
import { PageFiles } from '../../src/dashboard/page-files.ts'
import type { DashboardPorts } from '../../src/dashboard/ports.ts'
import { type ListenOptions, listen, serveApp } from '../../src/dashboard/serve.ts'
import type { Frame, TrafficLink } from '../../src/dashboard/wire.ts'
import type { KernelStatus } from '../../src/supervisor/status.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

export const token = 'a-token-that-tests-know-of-0'
export const bearer = { authorization: `Bearer ${token}` }
export const asJson = { 'content-type': 'application/json' }

export function statusOf(id: string, more: Partial<KernelStatus> = {}): KernelStatus {
  return {
    ...{ id, tier: 3, state: 'running.steady', servedBy: 'instance', epoch: 1, standbys: { ready: 0, of: 0 } },
    ...{
      failures: 0,
      restartsLeft: 3,
      stateSince: 0,
      timers: [],
      uptimeMs: 1,
      heapMb: 10,
      externalMb: 1,
      cpu: 0,
      elu: 0,
    },
    budget: { failures: 0, starts: 1, max: 3, attempts: 0, maxAttempts: 3 },
    ...{ mailbox: 0, handled: 0 },
    starts: { first: 1, restart: 0, command: 0, rejoin: 0, bystander: 0, promotion: 0, fallback: 0 },
    ...more,
  }
}

export interface Desk {
  readonly app: DashboardApp
  readonly ports: DashboardPorts
  readonly clock: ManualClock
  readonly events: EventStream
  /** What the journal has. */
  readonly seen: LazaretEvent[]
  readonly kernels: Map<string, KernelStatus>
  readonly links: TrafficLink[]
  /** Ops that were carried out. */
  readonly done: string[]
  readonly failures: unknown[]
}

export interface DeskOptions {
  readonly readOnly?: boolean
  readonly more?: Partial<DashboardPorts>
  readonly isAccepted?: ReturnType<typeof acceptedHosts>
}

export function desk({
  readOnly = false,
  more = {},
  isAccepted = acceptedHosts(undefined, []),
}: DeskOptions = {}): Desk {
  const clock = new ManualClock()
  const events = new EventStream(clock)
  const seen: LazaretEvent[] = []
  events.on((event) => seen.push(event))
  const kernels = new Map([statusOf('a'), statusOf('b')].map((status) => [status.id, status]))
  const links: TrafficLink[] = []
  const done: string[] = []
  const failures: unknown[] = []
  const ports: DashboardPorts = {
    clock,
    table: withCommandLog(tableOf(done), 'dashboard', { emit: events.emit, isKernel: (id) => kernels.has(id) }),
    opening: () => ({
      ...{ version: '1.2.3', dataDir: '/data', startedAt: 0, now: clock.now(), repairs: { on: true }, fleet: [] },
      ...{ kernels: [...kernels.values()], links, seq: events.lastSeq },
    }),
    status: () => [...kernels.values()],
    statusOf: (id) => kernels.get(id),
    links: () => links,
    on: (listener) => events.on(listener),
    lastSeq: () => events.lastSeq,
    followLogs: ({ kernel }) => {
      if (kernel === undefined || kernels.has(kernel)) return () => {}
      throw new LazaretError('UNKNOWN_KERNEL', `The fleet has no kernel ${JSON.stringify(kernel)}.`)
    },
    lastEvents: (types, limit) => seen.filter(({ type }) => types.includes(type)).slice(-limit),
    eventsAfter: (after, limit) => seen.filter(({ seq }) => seq > after).slice(0, limit),
    failed: (thrown) => failures.push(thrown),
    ...more,
  }
  const app = new DashboardApp(ports, { token, isAccepted, readOnly, files: new PageFiles(builtPage()) })
  return { app, ports, clock, events, seen, kernels, links, done, failures }
}

const refusals: Readonly<Record<string, LazaretError>> = {
  nobody: new LazaretError('UNKNOWN_KERNEL', 'The fleet has no kernel "nobody".'),
  parked: new LazaretError('COMMAND_REFUSED', 'parked is parked.', { hint: 'Rejoin it.' }),
  late: new LazaretError('RUNTIME_STOPPED', 'The runtime is stopping.'),
}

function tableOf(done: string[]): ControlTable {
  const answer = (op: string) => (params: Readonly<Record<string, unknown>>) => {
    const { kernel } = params
    if (typeof kernel !== 'string')
      throw new LazaretError('OPTION_INVALID', `kernel must be a text. Got: ${typeof kernel}.`)
    if (kernel === 'defect') throw new TypeError('x is not a function')
    const refusal = refusals[kernel]
    if (refusal !== undefined) throw refusal
    done.push(`${op} ${kernel}`)
    return op === 'status' ? undefined : { id: kernel }
  }
  return Object.fromEntries(controlOps.map((op) => [op, answer(op)])) as unknown as ControlTable
}

/** As vite writes it, in small. */
function builtPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-page-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><meta name="lazaret-token" content="" /><title>Lazaret</title>',
  )
  writeFileSync(join(folder, 'assets/index-1a2b.js'), 'export {}')
  writeFileSync(join(folder, 'LICENSES.md'), 'MIT')
  // Beside the folder that is served, and never to be seen.
  writeFileSync(`${folder}.secret`, 'secret')
  onTestFinished(() => rmSync(`${folder}.secret`, { force: true }))
  return folder
}

/** On a free port of the loopback address. Closed when the test ends. */
export async function served(options: DeskOptions = {}, patience?: ListenOptions['patience']) {
  const failures: unknown[] = []
  const onError = (thrown: unknown) => failures.push(thrown)
  const listening = await listen({ host: '127.0.0.1', port: 0, onError, ...(patience && { patience }) })
  const isAccepted = acceptedHosts({ address: '127.0.0.1', port: listening.port }, [])
  const made = desk({ isAccepted, ...options })
  const server = serveApp(listening, made.app, token)
  onTestFinished(() => server.close())
  return { ...made, server, port: server.port, http: listening.server }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** As node:http sends it: any header, the Host too, and a path as it is written. */
export function send(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Frames of a stream, as they come. */
export class FrameReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #text = ''

  constructor(response: Response) {
    if (response.body === null) throw new Error('no body')
    this.#reader = response.body.getReader()
  }

  /** The next block, comments and `retry` left out; undefined at the end. */
  async next(): Promise<(Frame & { readonly id?: string }) | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end === -1) {
        const { done, value } = await this.#reader.read()
        if (done) return undefined
        this.#text += this.#decoder.decode(value, { stream: true })
        continue
      }
      const lines = this.#text.slice(0, end).split('\n')
      this.#text = this.#text.slice(end + 2)
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6)
      const id = lines.find((line) => line.startsWith('id: '))?.slice(4)
      if (data !== undefined) return { ...(JSON.parse(data) as Frame), ...(id !== undefined && { id }) }
    }
  }

  async raw(): Promise<string> {
    const { value } = await this.#reader.read()
    return this.#decoder.decode(value)
  }

  cancel(): Promise<void> {
    return this.#reader.cancel()
  }
}

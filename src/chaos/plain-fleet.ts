/**
 * The other way of doing it, for comparison: what a process manager or a hand-written pool does. Every kernel runs in a
 * thread of its own, the same threads and the same modules as under the runtime; one that ends is started anew after a
 * moment, for ever. Nothing is budgeted, routed, repaired, or asked whether it hangs. It is given what a careful author
 * would have: the last good state from disk, asks with the same deadlines that fail at once when the thread ends.
 */
import { join } from 'node:path'
import type { AnyRemoteApi, AskOptions, Ref } from '../actor/kernel.ts'
import type { ThreadMessage } from '../actor/protocol.ts'
import { AskTable, makeRef, type Outgoing } from '../actor/ref.ts'
import { keepThreadsInterruptible, type Thread } from '../actor/thread.ts'
import { systemClock } from '../base/clock.ts'
import { type ErrorRecord, fromRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { EventStream } from '../base/events.ts'
import type { KernelSpec } from '../base/spec.ts'
import { attachInspector } from '../lifecycle/inspector.ts'
import { SnapshotStore } from '../snapshot/store.ts'
import { loadFleet } from '../supervisor/fleet.ts'
import type { Fleet } from './field.ts'
import { PlainKernel, type PlainPorts } from './plain-kernel.ts'

type Settle = (outcome: { value?: unknown; error?: ErrorRecord }) => void

export class PlainFleet implements Fleet {
  readonly dataDir: string
  readonly events = new EventStream(systemClock, 0)
  readonly #file: string
  readonly #kernels = new Map<string, PlainKernel>()
  readonly #asks = new AskTable(systemClock)
  readonly #snapshots: SnapshotStore
  #detach: (() => void) | undefined

  constructor(fleetFile: string, dataDir: string) {
    this.#file = fleetFile
    this.dataDir = dataDir
    this.#snapshots = new SnapshotStore(join(dataDir, 'snapshots'), systemClock, this.events.emit)
    const { kernels } = loadFleet(fleetFile)
    const askMs = Object.fromEntries(kernels.map(({ id, limits }) => [id, limits.askMs]))
    const ports: PlainPorts = {
      ...{ dataDir, askMs, snapshots: this.#snapshots, emit: this.events.emit },
      send: (from, thread, message) => this.#forward(from, thread, message),
    }
    for (const spec of kernels) this.#kernels.set(spec.id, new PlainKernel(spec, ports))
  }

  /** Resolves when every first thread has been begun; whether it ever serves is nobody's business here. */
  async start(): Promise<void> {
    keepThreadsInterruptible()
    this.#detach = attachInspector()
    for (const kernel of this.#kernels.values()) await kernel.start()
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#kernels.values()].map((kernel) => kernel.stop()))
    this.#asks.close(() => new LazaretError('RUNTIME_STOPPED', 'The plain fleet has stopped.'))
    this.#detach?.()
  }

  get starts(): number {
    return [...this.#kernels.values()].reduce((sum, { starts }) => sum + starts, 0)
  }

  /** Milliseconds since the present thread was ready; 0 where it is not. */
  uptimeMs(id: string): number {
    return this.#kernels.get(id)?.uptimeMs ?? 0
  }

  threadOf(id: string): Thread | undefined {
    return this.#kernels.get(id)?.thread
  }

  ref(id: string, options: AskOptions = {}): Ref<AnyRemoteApi> {
    return makeRef(id, (message) => this.#send(message), undefined, options)
  }

  kernel(id: string): { restart(): Promise<void> } {
    const kernel = this.#kernels.get(id)
    if (kernel === undefined) throw new LazaretError('UNKNOWN_KERNEL', `The fleet has no kernel ${id}.`)
    return { restart: () => kernel.restart(this.#specOf(id)) }
  }

  /** The fleet file as it is now, as a deployment reads it. */
  #specOf(id: string): KernelSpec {
    const spec = loadFleet(this.#file).kernels.find((kernel) => kernel.id === id)
    if (spec === undefined) throw new LazaretError('UNKNOWN_KERNEL', `The fleet has no kernel ${id}.`)
    return spec
  }

  #send({ kind, to, method, args, options }: Outgoing): Promise<unknown> | undefined {
    const kernel = this.#kernels.get(to)
    const call = { kind, from: 'host', method, args: structuredClone(args) as unknown[] }
    if (kind === 'tell') {
      kernel?.take(call)
      return undefined
    }
    const deadlineMs = options.deadlineMs ?? kernel?.spec.limits.askMs ?? 5000
    const { id, reply } = this.#asks.open(to, method, deadlineMs)
    const settle: Settle = ({ value, error }) => {
      if (error === undefined) this.#asks.resolve(id, value)
      else this.#asks.fail(id, fromRecord(error))
    }
    if (kernel === undefined) settle({ error: toRecord(new LazaretError('UNKNOWN_KERNEL', `There is no ${to}.`)) })
    else kernel.take(call, settle)
    return reply
  }

  /** From one kernel to another. */
  #forward(from: string, thread: Thread, message: Extract<ThreadMessage, { t: 'send' }>): void {
    const { kind, to, method, args, id } = message
    const settle: Settle = ({ value, error }) =>
      thread.post([error === undefined ? { t: 'reply', id, value } : { t: 'failed', id, error }])
    const kernel = this.#kernels.get(to)
    if (kind === 'tell') kernel?.take({ kind, from, method, args })
    else if (kernel !== undefined) kernel.take({ kind, from, method, args }, settle)
    else settle({ error: toRecord(new LazaretError('UNKNOWN_KERNEL', `There is no ${to}.`)) })
  }
}

/** One kernel under the plain supervisor: a thread, and another one when it ends. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ThreadMessage } from '../actor/protocol.ts'
import { Thread, type ThreadEnd } from '../actor/thread.ts'
import { monotonicMs } from '../base/clock.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { Emit } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { KernelSpec } from '../base/spec.ts'
import type { SnapshotStore } from '../snapshot/store.ts'

/** Between the end of a thread and the next start: the default of common process managers. Milliseconds. */
export const plainRestartMs = 100

export interface PlainPorts {
  readonly dataDir: string
  readonly askMs: Readonly<Record<string, number>>
  readonly snapshots: SnapshotStore
  readonly emit: Emit
  send(from: string, thread: Thread, message: Extract<ThreadMessage, { t: 'send' }>): void
}

interface Call {
  readonly kind: 'ask' | 'tell'
  readonly from: string
  readonly method: string
  readonly args: readonly unknown[]
}

type Settle = (outcome: { value?: unknown; error?: ErrorRecord }) => void

export class PlainKernel {
  spec: KernelSpec
  thread: Thread | undefined
  starts = 0
  readonly #ports: PlainPorts
  readonly #pending = new Map<number, Settle>()
  /** What came while there was no thread: posted to the next one, as a port of Node keeps it. */
  #waiting: [Call, Settle | undefined][] = []
  #n = 0
  #readyAtMs: number | undefined
  #stopping = false
  #timer: NodeJS.Timeout | undefined
  #snapshotTimer: NodeJS.Timeout | undefined
  #writing: Promise<unknown> = Promise.resolve()

  constructor(spec: KernelSpec, ports: PlainPorts) {
    this.spec = spec
    this.#ports = ports
  }

  get uptimeMs(): number {
    return this.#readyAtMs === undefined ? 0 : monotonicMs() - this.#readyAtMs
  }

  async start(): Promise<void> {
    const { id, entryUrl, config, concurrency, crashOn } = this.spec
    const dataDir = join(this.#ports.dataDir, 'kernels', id)
    await mkdir(dataDir, { recursive: true })
    await this.#writing
    const stored = await this.#ports.snapshots.latest(id)
    if (this.#stopping) return
    this.starts += 1
    const request = {
      ...{ kernel: id, entryUrl, config, dataDir, concurrency, crashOn, askMs: this.#ports.askMs, overlay: {} },
      compiledDir: join(this.#ports.dataDir, 'compiled'),
      ...(stored && { state: stored.state }),
    }
    const thread = new Thread(
      this.spec,
      request,
      {
        onMessage: (message) => this.#receive(thread, message),
        onLog: () => undefined,
        onStuck: () => undefined,
        onEnd: (end) => this.#ended(end),
      },
      (thrown) => this.#ports.emit('runtime.failed', id, { error: toRecord(thrown) }),
    )
    this.thread = thread
    this.#ports.emit('kernel.started', id, { reason: this.starts === 1 ? 'first' : 'restart', thread: thread.name })
    for (const [call, settle] of this.#waiting.splice(0)) this.take(call, settle)
  }

  /** An orderly end, and a start with what the fleet file says now. */
  async restart(spec: KernelSpec): Promise<void> {
    this.spec = spec
    await this.thread?.stop(spec.limits.stopMs)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    await this.thread?.stop(this.spec.limits.stopMs)
    await this.#writing
  }

  take(call: Call, settle?: Settle): void {
    const { thread } = this
    if (this.#stopping) return
    if (thread === undefined || thread.ended) {
      if (this.#waiting.length < this.spec.mailbox.max) this.#waiting.push([call, settle])
      else settle?.({ error: this.#down('its queue is full') })
      return
    }
    this.#n += 1
    if (settle !== undefined) this.#pending.set(this.#n, settle)
    thread.post([{ t: 'message', ...call, n: this.#n, slot: this.#n % limits.deliveryWindow, deadlineAt: 0 }])
  }

  #receive(thread: Thread, message: ThreadMessage): void {
    switch (message.t) {
      case 'ready':
        this.#readyAtMs = monotonicMs()
        if (message.keepsState) {
          this.#snapshotTimer = setInterval(() => thread.post([{ t: 'snapshot', id: 1 }]), this.spec.snapshot.everyMs)
        }
        return
      case 'handled':
        this.#settle(message)
        return
      case 'send':
        if (message.unclonable === undefined) this.#ports.send(this.spec.id, thread, message)
        return
      case 'snapshot':
        if (message.state !== undefined) this.#write(message.state)
        return
      default:
      // Nobody here wants to know.
    }
  }

  #settle({ n, value, error, refused }: Extract<ThreadMessage, { t: 'handled' }>): void {
    const settle = this.#pending.get(n)
    this.#pending.delete(n)
    if (error === undefined) settle?.({ value })
    else settle?.({ error: refused ? error : { ...this.#failed(error.message), cause: error } })
  }

  #failed(why: string): ErrorRecord {
    return toRecord(new LazaretError('HANDLER_FAILED', why, { kernel: this.spec.id }))
  }

  #down(why: string): ErrorRecord {
    return toRecord(new LazaretError('KERNEL_DOWN', `${this.spec.id} is down: ${why}`, { kernel: this.spec.id }))
  }

  #write(state: Uint8Array): void {
    const meta = { codeSha256: '', configSha256: '', keep: this.spec.snapshot.keep }
    this.#writing = this.#ports.snapshots.write(this.spec.id, state, meta).catch((thrown: unknown) => {
      this.#ports.emit('snapshot.failed', this.spec.id, { error: toRecord(thrown) })
    })
  }

  #ended({ ordered, error, phase }: ThreadEnd): void {
    const { id } = this.spec
    clearInterval(this.#snapshotTimer)
    this.#readyAtMs = undefined
    this.thread = undefined
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const settle of pending) settle({ error: this.#down('its thread has ended') })
    if (ordered) this.#ports.emit('kernel.stopped', id, { orderly: true })
    else this.#ports.emit('kernel.crashed', id, { error, phase })
    if (this.#stopping) return
    this.#timer = setTimeout(() => {
      this.start().catch((thrown: unknown) => this.#ports.emit('runtime.failed', id, { error: toRecord(thrown) }))
    }, plainRestartMs)
  }
}

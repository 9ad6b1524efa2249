/**
 * What runs inside a kernel's thread: takes the ports, boots the kernel, handles its messages one at a time, and tells
 * the host the truth about how it ends. It reports a crash at once and leaves at once, because a thread that reported
 * and stayed handled five more messages (FACTS H). It starts no timer: the host reads life from the shared page.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { deserialize, getHeapStatistics } from 'node:v8'
import { parentPort } from 'node:worker_threads'
import { isDefect } from '../base/classify.ts'
import { systemClock } from '../base/clock.ts'
import { fromRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { FailurePhase } from '../base/remedy.ts'
import { inspectFor } from './inspect.ts'
import type { AskOptions, BusTopics, Kernel, KernelBus, KernelContext, KernelLog } from './kernel.ts'
import { type Handled, importKernel, KernelFailure, KernelHost } from './kernel-host.ts'
import { Lines } from './line.ts'
import { installLoader, type Loader } from './loader.ts'
import { Outbox, type Sent } from './outbox.ts'
import { captureOutput, closePublicPort } from './output.ts'
import type { BootRequest, HostMessage, InstanceVitals, ThreadMessage, ThreadPorts } from './protocol.ts'
import { phaseWord, slotState, word } from './protocol.ts'
import { AskTable, makeRef, type Send } from './ref.ts'
import { openRemote, type RemoteCall, serveRemote } from './remote.ts'
import { Snapshots } from './snapshots.ts'

type Delivery = Extract<HostMessage, { t: 'message' }>
type BusMessage = Extract<HostMessage, { t: 'bus' }>
type BusHandler = (message: never) => void | Promise<void>

class KernelThread {
  readonly #page: Int32Array
  readonly outbox: Outbox
  readonly #asks = new AskTable(systemClock)
  readonly #stopping = new AbortController()
  /** Mailbox number of the message that the running code belongs to; 0: start(). Timers keep it when that is over. */
  readonly #during = new AsyncLocalStorage<number>()
  readonly #inHand = new Set<number>([0])
  readonly #subscriptions = new Map<string, Set<BusHandler>>()
  readonly #queue: (Delivery | BusMessage | RemoteCall)[] = []
  readonly #lines: Lines
  readonly #snapshots = new Snapshots({
    take: () => {
      this.#enter('snapshot')
      return this.#host?.snapshot() ?? Promise.resolve(undefined)
    },
    say: (id, state, error) => {
      if (this.#ended) return
      // Whoever gets the state knows then which messages it is the state after.
      this.#sayHandled()
      this.#post({ t: 'snapshot', id, ...(state && { state }), ...(error && { error }) })
    },
    goOn: () => {
      if (this.#running === 0 && !this.#snapshots.isTaking) this.#becomeIdle()
      this.#pump()
    },
  })
  /** Wait for the moment at which nothing is being handled. */
  readonly #onIdle: (() => void)[] = []
  #running = 0
  #handledUnsaid: number[] = []
  #host: KernelHost | undefined
  #loader: Loader | undefined
  #request: BootRequest | undefined
  /** Starts a standby that waits with the module loaded. */
  #promoted: ((state?: Uint8Array) => Promise<void>) | undefined
  #ended = false
  #lastSendId = 0

  constructor(ports: ThreadPorts) {
    this.#page = new Int32Array(ports.page)
    this.outbox = new Outbox(ports, this.#page)
    this.#lines = new Lines(
      ports.lineBase,
      (message, unread) => this.outbox.say(message, unread),
      (thrown) => this.#judgeBystander(thrown),
    )
    closePublicPort(this.outbox)
    ports.data.on('message', (batch: HostMessage[]) => {
      for (const message of batch) this.#take(message)
    })
    ports.data.on('messageerror', (error: unknown) => this.#crash(new KernelFailure(error, 'message', false)))
    process.setUncaughtExceptionCaptureCallback((thrown: unknown) => this.#crash(this.#uncaught(thrown)))
    process.on('unhandledRejection', (reason) => this.#crash(this.#uncaught(reason)))
    process.on('exit', (code) => {
      if (!this.#ended) this.#post({ t: 'exiting', code, vitals: vitals() })
    })
    parentPort?.on('close', () => {
      if (this.#ended) return
      const text = 'The kernel closed parentPort, its line to the runtime.'
      this.#crash(this.#uncaught(new LazaretError('KERNEL_PORT_CLOSED', text)))
    })
  }

  #uncaught(thrown: unknown): KernelFailure {
    if (thrown instanceof KernelFailure) return thrown
    return new KernelFailure(thrown, this.#phase(), false)
  }

  #phase(): FailurePhase {
    const value = Atomics.load(this.#page, word.phase)
    const names = Object.entries(phaseWord) as [keyof typeof phaseWord, number][]
    return names.find(([, number]) => number === value)?.[0] ?? 'idle'
  }

  #enter(phase: keyof typeof phaseWord): void {
    Atomics.store(this.#page, word.phase, phaseWord[phase])
    Atomics.add(this.#page, word.beat, 1)
  }

  #post(message: ThreadMessage): void {
    this.outbox.post(message, !this.#ended)
  }

  #take(message: HostMessage): void {
    switch (message.t) {
      case 'boot':
        this.#boot(message.request).catch((thrown: unknown) => this.#crash(this.#uncaught(thrown)))
        return
      case 'message':
      case 'bus':
        this.#queue.push(message)
        this.#pump()
        return
      case 'reply':
        this.#asks.resolve(message.id, message.value)
        return
      case 'failed':
        this.#asks.fail(message.id, fromRecord(message.error))
        return
      case 'snapshot':
        if (!this.#stopping.signal.aborted) this.#snapshots.request(message.id, this.#running)
        return
      case 'unread':
        this.#sayUnread(message.nth)
        return
      case 'withdraw':
        this.#snapshots.withdraw(message.id)
        return
      case 'probe':
        Atomics.add(this.#page, word.beat, 1)
        this.#post({ t: 'alive' })
        return
      case 'promote':
        this.#promoted?.(message.state).catch((thrown: unknown) => this.#crash(this.#uncaught(thrown)))
        this.#promoted = undefined
        return
      case 'stop':
        this.#stop().catch((thrown: unknown) => this.#crash(this.#uncaught(thrown)))
        return
      case 'lineOpen':
        this.#serve(message.line)
        return
      case 'line':
      case 'lineEnd':
        this.#lines.take(message)
    }
  }

  async #boot(request: BootRequest): Promise<void> {
    this.#request = request
    this.#enter('import')
    this.#loader = installLoader(request.overlay)
    const kernel = await importKernel(request.entryUrl, this.#loader.lastUrl)
    this.#sayLoaded()
    if (request.standby) {
      this.#enter('idle')
      this.#promoted = (state) => this.#start(kernel, { ...request, ...(state && { state }) })
      this.#post({ t: 'standing' })
    } else await this.#start(kernel, request)
  }

  async #start(kernel: Kernel, request: BootRequest): Promise<void> {
    this.#enter('start')
    const host = await this.#during.run(0, () => KernelHost.start(kernel, this.#context(request), request.crashOn))
    this.#sayLoaded()
    this.#host = host
    this.#inHand.delete(0)
    this.#enter('idle')
    this.#post({ t: 'ready', methods: host.methods, keepsState: host.keepsState })
    this.#pump()
  }

  #sayLoaded(): void {
    const files = this.#loader?.takeLoaded() ?? []
    if (files.length > 0) this.#post({ t: 'files', files })
  }

  #context(request: BootRequest): KernelContext {
    const log: KernelLog = {
      debug: (message, facts) => this.outbox.log(20, message, facts),
      info: (message, facts) => this.outbox.log(30, message, facts),
      warn: (message, facts) => this.outbox.log(40, message, facts),
      error: (message, facts) => this.outbox.log(50, message, facts),
    }
    return {
      id: request.kernel,
      config: request.config,
      log,
      restored: request.state === undefined ? undefined : deserialize(request.state),
      dataDir: request.dataDir,
      now: () => Date.now(),
      bus: this.#bus(),
      ref: (id) => makeRef(id, this.#send, (to, options) => this.#remote(to, options)),
      signal: this.#stopping.signal,
      inspect: inspectFor(this.outbox, () => this.#ended),
    }
  }

  #bus(): KernelBus {
    return {
      on: <T extends keyof BusTopics>(topic: T, handler: (message: BusTopics[T]) => void | Promise<void>) => {
        const handlers = this.#subscriptions.get(topic) ?? new Set()
        if (handlers.size === 0) this.#post({ t: 'subscribe', topic })
        handlers.add(handler as BusHandler)
        this.#subscriptions.set(topic, handlers)
        return () => {
          handlers.delete(handler as BusHandler)
          if (handlers.size === 0) this.#post({ t: 'unsubscribe', topic })
        }
      },
    }
  }

  #remote(to: string, options: AskOptions): object {
    return openRemote(this.#lines, { to, asks: this.#asks, deadlineMs: options.deadlineMs ?? this.#askMs(to) })
  }

  #askMs(to: string): number {
    return this.#request?.askMs[to] ?? 5000
  }

  #serve(line: number): void {
    const kernel = this.#request?.kernel ?? ''
    serveRemote(this.#lines, line, {
      kernel,
      callbacks: { asks: this.#asks, deadlineMs: this.#askMs(kernel) },
      receive: (call) => {
        this.#queue.push(call)
        this.#pump()
      },
    })
  }

  readonly #send: Send = ({ kind, to, method, args, options }) => {
    const source = this.#during.getStore() ?? -1
    const during = this.#inHand.has(source) ? source : -1
    const idempotent = options.idempotent ?? false
    const deadlineMs = options.deadlineMs ?? this.#askMs(to)
    const ask = kind === 'ask' ? this.#asks.open(to, method, deadlineMs) : undefined
    this.#lastSendId += 1
    const sent = {
      ...({ t: 'send', kind, to, method, args: [], idempotent, during } as const),
      ...{ id: ask?.id ?? -this.#lastSendId, deadlineAt: ask?.deadlineAt ?? 0 },
    }
    try {
      this.outbox.send(sent, args)
    } catch (cause) {
      this.#sendFailed(sent, cause)
    }
    return ask?.reply
  }

  #sendFailed(sent: Sent, cause: unknown): void {
    const error = unclonable('MESSAGE_UNCLONABLE', `The arguments of ${sent.to}.${sent.method}`, cause)
    if (sent.kind === 'ask') this.#asks.fail(sent.id, error)
    else this.#post({ ...sent, unclonable: toRecord(error) })
  }

  /** The host has less stack than a thread: what could be written here could not be read there. */
  #sayUnread(nth: number): void {
    const posted = this.outbox.recall(nth)
    if (posted === undefined || this.#ended) return
    const cause = new RangeError('it is nested too deeply')
    if ('unread' in posted) posted.unread(cause)
    else if ('sent' in posted) this.#sendFailed(posted.sent, cause)
    else {
      const error = toRecord(unclonable('REPLY_UNCLONABLE', 'The reply', cause))
      this.#post({ t: 'handled', n: posted.handled, error, refused: true })
    }
  }

  /** Begins what may begin. A snapshot waits until nothing is being handled, so that it shows a moment between messages. */
  #pump(): void {
    const host = this.#host
    if (host === undefined || this.#ended || this.#snapshots.holds(this.#running)) return
    const concurrency = this.#request?.concurrency ?? 1
    while (this.#running < concurrency && !this.#ended && !this.#stopping.signal.aborted) {
      const next = this.#queue.shift()
      if (next === undefined) break
      if (next.t === 'bus') this.#handleBus(next)
      else this.#handle(host, next)
    }
    if (this.#queue.length === 0) this.#sayHandled()
  }

  #handle(host: KernelHost, message: Delivery | RemoteCall): void {
    if (message.deadlineAt !== 0 && message.deadlineAt <= systemClock.monotonicMs()) {
      const error = toRecord(new LazaretError('ASK_TIMEOUT', 'Not begun: its deadline had passed.'))
      if (message.t === 'call') message.refuse(error)
      else this.#finish(message, { ok: false, error, refused: true })
      return
    }
    if (message.t === 'message') Atomics.store(this.#page, word.slots + message.slot, slotState.begun)
    this.#enter('message')
    this.#running += 1
    this.#inHand.add(message.n)
    let handled: Handled | Promise<Handled>
    try {
      const run = () => host.handle(message.method, message.args)
      handled = this.#during.run(message.n, message.t === 'call' ? () => message.answer(run) : run)
    } catch (thrown) {
      this.#crash(this.#uncaught(thrown))
      return
    }
    if (!(handled instanceof Promise)) {
      this.#end(message, handled)
      return
    }
    handled.then(
      (result) => {
        this.#end(message, result)
        this.#pump()
      },
      (thrown: unknown) => this.#crash(this.#uncaught(thrown)),
    )
  }

  #end(message: Delivery | RemoteCall, result: Handled): void {
    if (this.#ended) return
    this.#running -= 1
    this.#inHand.delete(message.n)
    if (message.t === 'call') Atomics.add(this.#page, word.beat, 1)
    else this.#finish(message, result)
    if (this.#running === 0) this.#becomeIdle()
    this.#sayLoaded()
  }

  #becomeIdle(): void {
    this.#enter('idle')
    for (const proceed of this.#onIdle.splice(0)) proceed()
  }

  #finish(message: Delivery, result: Handled): void {
    Atomics.store(this.#page, word.slots + message.slot, slotState.finished)
    Atomics.add(this.#page, word.beat, 1)
    if (message.kind === 'ask') {
      this.#reply(message, result)
      return
    }
    if (!result.ok) {
      this.outbox.log(40, `tell ${message.method} from ${message.from} failed: ${result.error.message}`, {
        error: result.error,
      })
    }
    this.#handledUnsaid.push(message.n)
    if (this.#handledUnsaid.length >= limits.deliveryWindow / 4) this.#sayHandled()
  }

  #reply({ n, method }: Delivery, result: Handled): void {
    if (!result.ok) {
      this.#post({ t: 'handled', n, error: result.error, ...(result.refused ? { refused: true } : {}) })
      return
    }
    try {
      this.outbox.reply(n, result.value)
    } catch (cause) {
      const error = toRecord(unclonable('REPLY_UNCLONABLE', `The reply of ${method}`, cause))
      this.#post({ t: 'handled', n, error, refused: true })
    }
  }

  /** Tells need no reply, so a few are reported together: the host refills the window from it. */
  #sayHandled(): void {
    if (this.#handledUnsaid.length === 0) return
    const told = this.#handledUnsaid
    this.#handledUnsaid = []
    this.#post({ t: 'told', n: told })
  }

  #handleBus(message: BusMessage): void {
    for (const handler of this.#subscriptions.get(message.topic) ?? []) {
      Promise.try(handler, message.payload as never).catch((thrown: unknown) => {
        if (!this.#judgeBystander(thrown))
          this.outbox.log(40, `bus handler of ${message.topic} failed`, { error: toRecord(thrown) })
      })
    }
  }

  /** What a bus handler, or a function that was given away, threw. True where the kernel does not survive it. */
  #judgeBystander(thrown: unknown): boolean {
    const crashes = this.#request?.crashOn !== 'uncaught' && isDefect(thrown)
    if (crashes) this.#crash(this.#uncaught(thrown))
    return crashes
  }

  async #stop(): Promise<void> {
    this.#stopping.abort()
    if (this.#running > 0 || this.#snapshots.isTaking) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    if (this.#host?.keepsState) await this.#snapshots.last()
    this.#enter('stop')
    await this.#host?.stop()
    this.#sayHandled()
    this.#post({ t: 'bye' })
    this.#leave(0)
  }

  /** Says what happened and leaves at once. */
  #crash(failure: KernelFailure): void {
    if (this.#ended) return
    this.#sayLoaded()
    this.#sayHandled()
    const { record: error, phase, permanent } = failure
    this.#post({ t: 'crashed', error, phase, permanent, vitals: vitals() })
    this.#leave(1)
  }

  #leave(code: number): void {
    this.#ended = true
    this.#asks.close(() => new LazaretError('RUNTIME_STOPPED', 'The kernel has ended.'))
    process.exit(code)
  }
}

function vitals(): InstanceVitals {
  const { used_heap_size, heap_size_limit, external_memory } = getHeapStatistics()
  return {
    ...{ heapUsedBytes: used_heap_size, heapLimitBytes: heap_size_limit, externalBytes: external_memory },
    eventLoopUtilization: performance.eventLoopUtilization().utilization,
    uptimeMs: performance.now(),
  }
}

function unclonable(code: 'MESSAGE_UNCLONABLE' | 'REPLY_UNCLONABLE', what: string, cause: unknown): LazaretError {
  return new LazaretError(code, `${what} cannot be copied to another thread: ${toRecord(cause).message}`, {
    hint: 'Send plain data: no functions, proxies, promises or class instances with private state.',
    cause,
  })
}

// For Node alone, which has read it by now: a kernel sees the variables that its spec names.
delete process.env.NODE_COMPILE_CACHE
parentPort?.once('message', (ports: ThreadPorts) => captureOutput(new KernelThread(ports).outbox))

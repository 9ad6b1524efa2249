/**
 * One thread, seen from the host: started, fed, drained and ended. It reports to its listener what the thread says and,
 * exactly once and last, how it ended; by then everything it had said has been read. It decides nothing: restarts are
 * the chart's.
 *
 * Reading is by pull with a budget. A 'message' listener would let a flooding thread starve the host's loop (6 of 389
 * timer ticks, FACTS 0.5); here the thread rings a doorbell only when the host has said that it sleeps.
 */
import { setFlagsFromString } from 'node:v8'
import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { FailurePhase } from '../base/remedy.ts'
import type { KernelSpec } from '../base/spec.ts'
import { unrefTimer } from '../base/timers.ts'
import { Inbox } from './inbox.ts'
import { Lines, staleEpoch } from './line.ts'
import type { BootRequest, HostMessage, InstanceVitals, LogLine, ThreadMessage, ThreadPorts } from './protocol.ts'
import { phaseWord, word } from './protocol.ts'

export interface ThreadEnd {
  /** True where the thread said goodbye. */
  readonly ordered: boolean
  /** Absent for an ordered end. */
  readonly error?: ErrorRecord
  readonly phase: FailurePhase
  readonly permanent: boolean
  /** Absent where the thread could not be asked any more. */
  readonly vitals?: InstanceVitals
}

export interface ThreadListener {
  onMessage(message: Exclude<ThreadMessage, { t: 'crashed' | 'bye' | 'exiting' }>): void
  onLog(line: LogLine): void
  /** The thread could not be ended in time; it is reniced and left behind. */
  onStuck(): void
  onEnd(end: ThreadEnd): void
}

const threadMainUrl = new URL(`./thread-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

let threadCount = 0

/**
 * V8's loop unrolling drops the interrupt check of some loops: such a thread can never be terminated, and with it the
 * host cannot exit (FACTS 0.2, 0.3). To be called before the first thread.
 */
export function keepThreadsInterruptible(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling')
}

export class Thread {
  /** 15 characters at most: the name that Linux shows for the thread, by which its CPU time is found. */
  readonly name: string
  readonly page: Int32Array
  /** Remotes of this instance, and callbacks given to it; they end with the thread, whatever has become of it. */
  readonly lines = new Lines(0, (message) => this.post([message], message.t === 'line' ? message.moved : undefined))
  /** Set when it serves: which instance of the kernel it is. */
  epoch = 0
  readonly #kernel: string
  #listener: ThreadListener
  readonly #worker: Worker | undefined
  readonly #data: MessagePort
  readonly #log: MessagePort
  readonly #doorbell: MessagePort
  readonly #inbox: Inbox
  readonly #report: (thrown: unknown) => void
  #crash: { error: ErrorRecord; phase: FailurePhase; permanent: boolean } | undefined
  #killReason: { error: ErrorRecord; phase: FailurePhase } | undefined
  #vitals: InstanceVitals | undefined
  #startedAtMs = systemClock.monotonicMs()
  #saidBye = false
  /** Its 'exit' handlers ran, which they do not when somebody else ends it. */
  #exitedByItself = false
  #exitCode: number | undefined
  #ended = false
  #stopping: Promise<void> | undefined
  #terminating: Promise<void> | undefined

  /**
   * @param report called with what a callback of the listener throws; an unguarded one would end the host (FACTS A2).
   */
  constructor(spec: KernelSpec, request: BootRequest, listener: ThreadListener, report: (thrown: unknown) => void) {
    threadCount += 1
    this.name = `lz${threadCount}.${spec.id}`.slice(0, 15)
    this.#kernel = spec.id
    this.#listener = listener
    this.#report = report
    const page = new SharedArrayBuffer((word.slots + limits.deliveryWindow) * 4)
    this.page = new Int32Array(page)
    const data = new MessageChannel()
    const log = new MessageChannel()
    const doorbell = new MessageChannel()
    this.#data = data.port1
    this.#log = log.port1
    this.#doorbell = doorbell.port1
    this.#inbox = new Inbox({
      ...{ data: this.#data, log: this.#log, page: this.page },
      onMessage: (message) => this.#call(() => this.#receive(message)),
      onLog: (line) => this.#call(() => this.#listener.onLog(line)),
      onUnreadable: (nth) => this.#sayUnread(nth),
    })
    this.#doorbell.on('message', () => this.#inbox.drain())
    this.#data.on('close', () => this.#onPortClosed())
    this.#doorbell.unref()
    try {
      const worker = this.#spawn(spec, request.compiledDir)
      this.#worker = worker
      const lineBase = threadCount * 2 ** 32
      const ports: ThreadPorts = { data: data.port2, log: log.port2, doorbell: doorbell.port2, page, lineBase }
      worker.postMessage(ports, [data.port2, log.port2, doorbell.port2])
      this.post([{ t: 'boot', request }])
    } catch (thrown) {
      // The constructor throws on bad limits, too many threads, values that cannot be cloned (FACTS A1).
      const error = toRecord(
        new LazaretError('THREAD_REFUSED', `No thread could be started for ${spec.id}.`, { cause: thrown }),
      )
      this.#crash = { error, phase: 'start', permanent: false }
      queueMicrotask(() => this.#finish())
    }
  }

  #spawn(spec: KernelSpec, compiledDir: string): Worker {
    // With compiled code at hand a thread does not load the type stripper either: 42 ms instead of 135 to start here.
    const env: Record<string, string> = { NODE_COMPILE_CACHE: compiledDir }
    for (const name of spec.env) {
      const value = process.env[name]
      if (value !== undefined) env[name] = value
    }
    const worker = new Worker(threadMainUrl, {
      name: this.name,
      env,
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: spec.limits.heapMb },
    })
    // Both listeners in the same turn as the constructor: an 'error' without one ends the host (FACTS A2).
    worker.on('error', (thrown) => this.#onError(thrown))
    worker.on('exit', (code) => {
      this.#exitCode = code
      this.#finish()
    })
    for (const [stream, level] of [[worker.stdout, 30] as const, [worker.stderr, 40] as const]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => this.#onPrinted(text, level))
    }
    return worker
  }

  /** What reached the raw streams: text of Node itself, or of code that kept them from before. The last lines of it. */
  #onPrinted(text: string, level: LogLine['level']): void {
    for (const msg of text.split('\n').slice(-limits.logRingLines)) {
      if (msg !== '')
        this.#call(() => this.#listener.onLog({ level, time: Date.now(), msg: msg.slice(0, limits.logLineChars) }))
    }
  }

  #onError(thrown: unknown): void {
    if (this.#crash !== undefined) return
    const code: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : undefined
    const error =
      code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new LazaretError('KERNEL_OUT_OF_MEMORY', 'The thread passed its memory limit (limits.heapMb).', {
            cause: thrown,
          })
        : thrown
    this.#crash = { error: toRecord(error), phase: this.#phase(), permanent: false }
  }

  /** The thread knows what its nth post was, while it lives. */
  #sayUnread(nth: number): void {
    if (this.#exitCode === undefined) this.post([{ t: 'unread', nth }])
    else this.#report(new Error(`${this.name} has ended, and its post ${nth} is nested too deeply to be read here.`))
  }

  /** An ending thread closes it too, and is gone soon; one that lives on could never be heard again. */
  #onPortClosed(): void {
    void this.#endWithin(limits.terminateMs, () => {
      const error = new LazaretError('KERNEL_PORT_CLOSED', 'The kernel closed the port to its runtime.')
      this.#killReason ??= { error: toRecord(error), phase: this.#phase() }
    })
  }

  #phase(): FailurePhase {
    const value = Atomics.load(this.page, word.phase)
    for (const [name, number] of Object.entries(phaseWord)) if (number === value) return name as FailurePhase
    return 'import'
  }

  get ended(): boolean {
    return this.#ended
  }

  /** From now on another listener hears what the thread says and how it ends. */
  handOver(listener: ThreadListener): void {
    this.#listener = listener
  }

  /** Milliseconds the thread's loop has waited for work; grows only while the thread is alive. */
  idleMs(): number {
    return this.#worker?.performance.eventLoopUtilization().idle ?? 0
  }

  #loopBefore: ReturnType<Worker['performance']['eventLoopUtilization']> | undefined

  /** Share of the time since the last call, or since it began, in which its loop was busy: 0 to 1. */
  busyShare(): number {
    const performance = this.#worker?.performance
    if (performance === undefined || this.#ended) return 0
    const now = performance.eventLoopUtilization()
    const before = this.#loopBefore
    this.#loopBefore = now
    return before === undefined ? now.utilization : performance.eventLoopUtilization(now, before).utilization
  }

  /** Bytes, measured by V8; undefined where the thread does not answer. */
  async memory(): Promise<{ heapUsed: number; heapLimit: number; external: number } | undefined> {
    if (this.#worker === undefined || this.#ended) return undefined
    try {
      const statistics = await this.#worker.getHeapStatistics()
      const { used_heap_size: heapUsed, heap_size_limit: heapLimit, external_memory: external } = statistics
      return { heapUsed, heapLimit, external }
    } catch {
      // It ended while it was asked; its end is reported on its own.
      return undefined
    }
  }

  /** Looks once more at a thread that is about to be ended: it answers even while it spins in JavaScript. */
  async noteVitals(deadlineMs: number): Promise<void> {
    const memory = await Promise.race([this.memory(), this.silence(deadlineMs).then(() => undefined)])
    if (memory === undefined) return
    this.#vitals = {
      ...{ heapUsedBytes: memory.heapUsed, heapLimitBytes: memory.heapLimit, externalBytes: memory.external },
      eventLoopUtilization: this.#worker?.performance.eventLoopUtilization().utilization ?? 0,
      uptimeMs: systemClock.monotonicMs() - this.#startedAtMs,
    }
  }

  /** Resolves with nothing after a while, or when the thread ends: for whoever must not wait for it longer. */
  async silence(ms: number): Promise<[undefined, undefined]> {
    await new Promise<void>((resolve) => {
      const timer = systemClock.setTimeout(resolve, ms)
      unrefTimer(timer)
    })
    return [undefined, undefined]
  }

  /** CPU time of the thread. Microseconds. */
  async cpuUsage(): Promise<{ user: number; system: number } | undefined> {
    if (this.#worker === undefined || this.#ended) return undefined
    try {
      return await this.#worker.cpuUsage()
    } catch {
      // As above.
      return undefined
    }
  }

  /** @throws what postMessage throws for a value that cannot be cloned. */
  post(batch: HostMessage[], transfer: readonly Transferable[] = []): void {
    if (!this.#ended) this.#data.postMessage(batch, transfer as Transferable[])
  }

  /** Asks it to end by itself, once however often it is called; a thread that has not after stopMs is ended. */
  stop(stopMs: number): Promise<void> {
    this.#stopping ??= this.#stop(stopMs)
    return this.#stopping
  }

  #stop(stopMs: number): Promise<void> {
    this.post([{ t: 'stop' }])
    return this.#endWithin(stopMs, () => {
      const text = `stop() had not finished after ${stopMs} ms.`
      this.#killReason ??= { error: toRecord(new LazaretError('KERNEL_HUNG', text)), phase: 'stop' }
    })
  }

  /** Ends it now. The reason is what its end is reported with, unless it says a better one on its way out. */
  kill(error: ErrorRecord, phase: FailurePhase = this.#phase()): Promise<void> {
    this.#killReason ??= { error, phase }
    return this.terminate()
  }

  #whenEnded: (() => void)[] = []

  #endWithin(ms: number, late: () => void): Promise<void> {
    if (this.#ended) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = systemClock.setTimeout(() => {
        late()
        resolve(this.terminate())
      }, ms)
      this.#whenEnded.push(() => {
        systemClock.clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Ends it as somebody from outside would: what is reported is only that it is gone. */
  terminate(): Promise<void> {
    const worker = this.#worker
    if (this.#ended || worker === undefined) return Promise.resolve()
    this.#terminating ??= new Promise((resolve) => {
      const timer = systemClock.setTimeout(() => {
        this.#call(() => this.#listener.onStuck())
        worker.unref()
        this.#finish()
      }, limits.terminateMs)
      this.#whenEnded.push(() => {
        systemClock.clearTimeout(timer)
        resolve()
      })
      worker.terminate().catch((thrown: unknown) => this.#report(thrown))
    })
    return this.#terminating
  }

  #receive(message: ThreadMessage): void {
    switch (message.t) {
      case 'crashed':
        this.#crash = message
        this.#vitals = message.vitals
        // It leaves by itself; one whose 'exit' handler spins is ended.
        void this.#endWithin(limits.terminateMs, () => undefined)
        return
      case 'bye':
        this.#saidBye = true
        return
      case 'exiting':
        this.#exitedByItself = true
        this.#vitals = message.vitals
        return
      case 'line':
      case 'lineEnd':
        this.lines.take(message)
        return
      default:
        this.#listener.onMessage(message)
    }
  }

  /** The thread is gone (or given up): read what is left, then say how it ended. */
  #finish(): void {
    if (this.#ended) return
    this.#inbox.finish()
    this.#ended = true
    for (const port of [this.#data, this.#log, this.#doorbell]) port.close()
    const waiting = this.#whenEnded
    this.#whenEnded = []
    const end = this.#end()
    this.#call(() => this.lines.close(staleEpoch(this.#kernel, this.epoch, end.error)))
    this.#call(() => this.#listener.onEnd({ ...end, ...(this.#vitals && { vitals: this.#vitals }) }))
    for (const proceed of waiting) proceed()
  }

  #end(): ThreadEnd {
    if (this.#crash !== undefined) {
      const { error, phase, permanent } = this.#crash
      return { ordered: false, error, phase, permanent }
    }
    if (this.#saidBye) return { ordered: true, phase: 'stop', permanent: false }
    if (this.#killReason !== undefined) return { ordered: false, ...this.#killReason, permanent: false }
    const text = `The thread ended with exit code ${this.#exitCode} and no goodbye.`
    const error = new LazaretError('KERNEL_EXITED', text, {
      details: { exitCode: this.#exitCode, byItself: this.#exitedByItself },
    })
    return { ordered: false, error: toRecord(error), phase: this.#phase(), permanent: false }
  }

  #call(run: () => void): void {
    try {
      run()
    } catch (thrown) {
      this.#report(thrown)
    }
  }
}

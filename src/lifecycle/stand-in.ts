/**
 * A thread beside the kernel's own instance: a standby that has loaded the module and waits to be promoted, or a fallback
 * that serves while the kernel is out of service. No chart drives it and nothing restarts it: whoever made it hears once
 * how it ended, and decides. A promoted standby may become the kernel's instance; then its thread changes hands.
 */
import type { BootRequest, LogLine, ThreadMessage } from '../actor/protocol.ts'
import { Thread, type ThreadEnd, type ThreadListener } from '../actor/thread.ts'
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { LoadedFile } from '../base/remedy.ts'
import type { KernelSpec } from '../base/spec.ts'

type Ready = Extract<ThreadMessage, { t: 'ready' }>

export interface StandInPorts {
  /** A standby has loaded its module. */
  standing(): void
  /** Its start() is over: it can serve. */
  ready(message: Ready): void
  message(message: ThreadMessage): void
  log(line: LogLine): void
  stuck(): void
  /** Once, and last. @param expected it was told to end. */
  gone(end: ThreadEnd, expected: boolean): void
}

/**
 * loading: the module is imported. standing: a standby that waits. starting: start() runs. serving: it takes messages.
 * gone: the thread has ended, or is the kernel's instance now.
 */
export type StandInState = 'loading' | 'standing' | 'starting' | 'serving' | 'gone'

export class StandIn {
  readonly kind: 'standby' | 'fallback'
  readonly request: BootRequest
  readonly thread: Thread
  /** By URL: what it has loaded, as run. */
  readonly files = new Map<string, LoadedFile>()
  /** What it said when start() was over. */
  ready: Ready | undefined
  #state: StandInState = 'loading'
  readonly #started = Promise.withResolvers<void>()
  #expectsEnd = false
  #timer: unknown
  readonly #spec: KernelSpec
  readonly #clock: Clock
  readonly #ports: StandInPorts

  /** @param report called with what a port throws. */
  constructor(
    kind: 'standby' | 'fallback',
    spec: KernelSpec,
    request: BootRequest,
    ports: StandInPorts,
    clock: Clock,
    report: (thrown: unknown) => void,
  ) {
    this.kind = kind
    this.request = kind === 'standby' ? { ...request, standby: true } : request
    this.#spec = spec
    this.#clock = clock
    this.#ports = ports
    this.thread = new Thread(spec, this.request, this.#listener(), report)
    this.#startWithin(kind === 'standby' ? 'its module was not loaded' : 'start() had not finished')
  }

  get state(): StandInState {
    return this.#state
  }

  /** It was told to end. */
  get isEnding(): boolean {
    return this.#expectsEnd
  }

  /** Resolves when its start() is over, or it has gone. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** A standby starts from this state; one that was told to end does not. */
  promote(state: Uint8Array | undefined): void {
    if (this.#expectsEnd) return
    this.#state = 'starting'
    this.#startWithin('start() had not finished')
    this.thread.post([{ t: 'promote', ...(state && { state }) }])
  }

  /** Its thread is the kernel's instance from now on; nothing more is heard of it here. */
  release(listener: ThreadListener): void {
    this.#state = 'gone'
    this.thread.handOver(listener)
  }

  /** Ends it in an orderly way, by force after limits.stopMs. */
  end(): Promise<void> {
    this.#expectsEnd = true
    return this.thread.stop(this.#spec.limits.stopMs)
  }

  #startWithin(what: string): void {
    const { startMs } = this.#spec.limits
    this.#timer = this.#clock.setTimeout(() => {
      const text = `As ${this.kind}: ${what} after ${startMs} ms (limits.startMs).`
      // A thread that does not end is reported by its listener.
      void this.thread.kill(
        toRecord(new LazaretError('KERNEL_START_TIMEOUT', text, { kernel: this.#spec.id })),
        'start',
      )
    }, startMs)
  }

  #listener(): ThreadListener {
    return {
      onMessage: (message) => this.#receive(message),
      onLog: (line) => this.#ports.log(line),
      onStuck: () => this.#ports.stuck(),
      onEnd: (end) => {
        this.#clock.clearTimeout(this.#timer)
        this.#state = 'gone'
        this.#started.resolve()
        this.#ports.gone(end, this.#expectsEnd)
      },
    }
  }

  #receive(message: ThreadMessage): void {
    switch (message.t) {
      case 'files':
        for (const file of message.files) this.files.set(file.url, file)
        return
      case 'standing':
        this.#clock.clearTimeout(this.#timer)
        this.#state = 'standing'
        if (!this.#expectsEnd) this.#ports.standing()
        return
      case 'ready':
        this.#clock.clearTimeout(this.#timer)
        this.#state = 'serving'
        this.ready = message
        this.#started.resolve()
        if (!this.#expectsEnd) this.#ports.ready(message)
        return
      case 'alive':
        // The answer to the heartbeat's probe, which looks at the beat in the shared page.
        return
      default:
        this.#ports.message(message)
    }
  }
}

/**
 * One thread, driven by one chart. It carries out the chart's effects that concern the thread (boot, end) and feeds the
 * chart what happens to it; every other effect goes to the supervisor through its port. It decides nothing.
 */
import type { ActorRefFrom, SnapshotFrom } from 'xstate'
import type { BootRequest, LogLine, ThreadMessage } from '../actor/protocol.ts'
import { Thread, type ThreadEnd, type ThreadListener } from '../actor/thread.ts'
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { KernelSpec } from '../base/spec.ts'
import type { Effect, LifecycleEvent, lifecycleMachine } from './machine.ts'
import type { StandIn } from './stand-in.ts'
import type { Turnstile } from './turnstile.ts'

export type LifecycleRef = ActorRefFrom<typeof lifecycleMachine>
export type LifecycleSnapshot = SnapshotFrom<typeof lifecycleMachine>
export type BootReason = Extract<Effect, { type: 'boot' }>['reason']
type Ready = Extract<ThreadMessage, { t: 'ready' }>

export interface InstancePorts {
  /** The transition, before any of its effects: written to the journal here. */
  commit(snapshot: LifecycleSnapshot): void
  /** Every effect that is not about the thread itself. */
  effect(effect: Exclude<Effect, { type: 'boot' | 'endThread' | 'probe' }>): void
  bootRequest(): Promise<BootRequest>
  /**
   * Where a standby serves while the kernel was repaired, what was repaired loads as a standby. False where none serves:
   * the instance gets a thread of its own. @throws what keeps it from loading.
   */
  standBy(request: BootRequest): Promise<boolean>
  /** The standby that serves, to become the instance. */
  handOver(): StandIn | undefined
  /** Its thread is this instance's now. */
  adopted(standIn: StandIn): void
  /** The thread exists and loads the kernel. */
  booting(thread: Thread, request: BootRequest, reason: BootReason): void
  ready(thread: Thread, message: Ready, reason: BootReason): void
  message(thread: Thread, message: ThreadMessage): void
  log(line: LogLine): void
  stuck(thread: Thread): void
  /** The thread has gone for whatever reason: settle what it held. Says whether a trusted playbook knows the failure. */
  gone(thread: Thread | undefined, end: ThreadEnd, expected: boolean): Promise<{ known: boolean }>
  report(thrown: unknown): void
  /** Settles when the steps of a repair that are carried out in service have ended; absent, undefined: there are none. */
  pendingSteps?(): Promise<void> | undefined
}

/** `running.steady`: the chart's state as a dotted path. */
export function dotted(value: LifecycleSnapshot['value']): string {
  if (typeof value === 'string') return value
  return Object.entries(value)
    .map(([name, inner]) => (inner === undefined ? name : `${name}.${dotted(inner as LifecycleSnapshot['value'])}`))
    .join(' ')
}

export class Instance {
  /** The spec may change with a command; each boot takes the present one. */
  readonly #spec: () => KernelSpec
  readonly #ref: LifecycleRef
  readonly #ports: InstancePorts
  readonly #turnstile: Turnstile
  readonly #clock: Clock
  readonly #effects: Effect[] = []
  #thread: Thread | undefined
  /** An end that was asked for is no crash. */
  #expectsEnd = false
  /** Counts boots, so that one that was overtaken by a command gives up. */
  #boot = 0
  #endSettled: Promise<void> = Promise.resolve()
  /** Boots under way, overtaken ones included, until their thread exists. */
  readonly #booting = new Set<Promise<void>>()
  #readySinceMs: number | undefined

  constructor(spec: () => KernelSpec, ref: LifecycleRef, ports: InstancePorts, turnstile: Turnstile, clock: Clock) {
    this.#spec = spec
    this.#ref = ref
    this.#ports = ports
    this.#turnstile = turnstile
    this.#clock = clock
    ref.on('*', (effect) => this.#effects.push(effect))
    ref.subscribe((snapshot) => {
      this.#guard(() => this.#ports.commit(snapshot))
      for (const effect of this.#effects.splice(0)) this.#guard(() => this.#carryOut(effect))
    })
  }

  get thread(): Thread | undefined {
    return this.#thread
  }

  /** The thread while messages are handled by it: it is ready, and nobody has asked for its end. */
  get serving(): Thread | undefined {
    return this.#readySinceMs === undefined || this.#expectsEnd ? undefined : this.#thread
  }

  get snapshot(): LifecycleSnapshot {
    return this.#ref.getSnapshot()
  }

  get state(): string {
    return dotted(this.snapshot.value)
  }

  /** Milliseconds since the instance said that it was ready; 0 while none is. */
  get uptimeMs(): number {
    return this.#readySinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#readySinceMs
  }

  send(event: LifecycleEvent): void {
    this.#ref.send(event)
  }

  /**
   * Resolves when the chart is in a state that satisfies the test, at once where it already is.
   * @throws LazaretError RUNTIME_STOPPED where the runtime stops before that.
   */
  until(test: (snapshot: LifecycleSnapshot) => boolean): Promise<LifecycleSnapshot> {
    const now = this.snapshot
    if (test(now)) return Promise.resolve(now)
    return new Promise((resolve, reject) => {
      const subscription = this.#ref.subscribe({
        next: (snapshot) => {
          if (!test(snapshot)) return
          subscription.unsubscribe()
          resolve(snapshot)
        },
        complete: () => reject(new LazaretError('RUNTIME_STOPPED', 'The runtime stopped meanwhile.')),
      })
    })
  }

  #guard(run: () => void): void {
    try {
      run()
    } catch (thrown) {
      this.#ports.report(thrown)
    }
  }

  #carryOut(effect: Effect): void {
    if (effect.type === 'boot') {
      const booting = this.#bootThread(effect.reason).finally(() => this.#booting.delete(booting))
      this.#booting.add(booting)
    } else if (effect.type === 'endThread') {
      this.endThread()
        .then(() => this.send({ type: 'ENDED' }))
        .catch((thrown: unknown) => this.#ports.report(thrown))
    } else if (effect.type === 'probe') this.#probe()
    else this.#ports.effect(effect)
  }

  /** Asked when nothing of its repair is under way any more; by then it may be gone, or another one. */
  #probe(): void {
    const thread = this.#thread
    const probe = () => {
      if (thread !== undefined && thread === this.#thread) thread.post([{ t: 'probe' }])
    }
    const pending = this.#ports.pendingSteps?.()
    if (pending === undefined) probe()
    else pending.then(probe).catch((thrown: unknown) => this.#ports.report(thrown))
  }

  /** Ends the thread in an orderly way, by force after stopMs. Resolves when it is gone and what it held is settled. */
  async endThread(): Promise<void> {
    this.#boot += 1
    const thread = this.#thread
    if (thread !== undefined) {
      this.#expectsEnd = true
      await thread.stop(this.#spec().limits.stopMs)
    }
    await this.#endSettled
  }

  async #bootThread(reason: BootReason): Promise<void> {
    const ended = this.endThread()
    const boot = this.#boot
    await ended
    const release = await this.#turnstile.enter()
    try {
      if (boot !== this.#boot) return
      const request = await this.#ports.bootRequest()
      if (boot !== this.#boot) return
      const isRelieved = reason === 'rejoin' && (await this.#ports.standBy(request))
      if (boot !== this.#boot) return
      const serving = isRelieved ? this.#ports.handOver() : undefined
      if (serving === undefined) await this.#startThread(request, reason)
      else this.#adopt(serving)
    } catch (thrown) {
      if (boot === this.#boot) this.#bootFailed(thrown)
      else this.#ports.report(thrown)
    } finally {
      release()
    }
  }

  /** Resolves when no boot is under way any more. */
  async drained(): Promise<void> {
    await Promise.all(this.#booting)
  }

  /** The standby that serves becomes the instance: its thread goes on, and is this chart's from now on. */
  #adopt(standIn: StandIn): void {
    const { thread } = standIn
    standIn.release(
      this.#listener(
        () => thread,
        () => undefined,
      ),
    )
    this.#thread = thread
    this.#expectsEnd = false
    this.#readySinceMs = this.#clock.monotonicMs()
    this.#ports.adopted(standIn)
    this.send({ type: 'READY' })
  }

  /**
   * @param thread what it listens to, once that exists.
   * @param done called when the thread has ended.
   */
  #listener(thread: () => Thread, done: () => void, onReady?: (message: Ready) => void): ThreadListener {
    return {
      onMessage: (message) => {
        if (message.t === 'ready') onReady?.(message)
        else if (message.t === 'alive') this.send({ type: 'ALIVE' })
        else this.#ports.message(thread(), message)
      },
      onLog: (line) => this.#ports.log(line),
      onStuck: () => this.#ports.stuck(thread()),
      onEnd: (end) => {
        done()
        this.#onEnd(thread(), end)
      },
    }
  }

  /** Resolves when the thread is ready or gone. */
  #startThread(request: BootRequest, reason: BootReason): Promise<void> {
    const settled = Promise.withResolvers<void>()
    const spec = this.#spec()
    const { startMs } = spec.limits
    let timer: unknown
    const done = () => {
      this.#clock.clearTimeout(timer)
      settled.resolve()
    }
    const onReady = (message: Ready) => {
      done()
      // Said before it heard that it is to end: by then its route has another answer.
      if (this.#expectsEnd) return
      this.#readySinceMs = this.#clock.monotonicMs()
      this.#ports.ready(thread, message, reason)
      this.send({ type: 'READY' })
    }
    const listener = this.#listener(() => thread, done, onReady)
    const thread: Thread = new Thread(spec, request, listener, (thrown) => this.#ports.report(thrown))
    this.#thread = thread
    this.#expectsEnd = false
    timer = this.#clock.setTimeout(() => {
      const text = `start() had not finished after ${startMs} ms (limits.startMs).`
      const error = toRecord(new LazaretError('KERNEL_START_TIMEOUT', text, { kernel: spec.id }))
      thread.kill(error, 'start').catch((thrown: unknown) => this.#ports.report(thrown))
    }, startMs)
    this.#ports.booting(thread, request, reason)
    return settled.promise
  }

  #onEnd(thread: Thread, end: ThreadEnd): void {
    if (this.#thread !== thread) return
    const expected = this.#expectsEnd
    this.#thread = undefined
    this.#readySinceMs = undefined
    this.#endSettled = this.#settleEnd(thread, end, expected)
  }

  async #settleEnd(thread: Thread | undefined, end: ThreadEnd, expected: boolean): Promise<void> {
    let known = false
    try {
      known = (await this.#ports.gone(thread, end, expected)).known
    } catch (thrown) {
      this.#ports.report(thrown)
    }
    if (!expected) this.send({ type: 'CRASHED', permanent: end.permanent, known })
  }

  /** What a boot needs could not be had: as a crash in start, so that the budget counts it. */
  #bootFailed(thrown: unknown): void {
    const end: ThreadEnd = { ordered: false, error: toRecord(thrown), phase: 'start', permanent: false }
    this.#endSettled = this.#settleEnd(undefined, end, false)
  }
}

/**
 * The handle to a kernel, and the calls that wait behind it. The same two classes serve the host and every thread: what
 * differs is only how a message leaves (`send`). A proxy must be careful: promises and JSON ask any object for `then` and
 * `toJSON`, and an ask that answered them would hang its caller (FACTS H).
 */
import type { Clock } from '../base/clock.ts'
import { DeadlineQueue } from '../base/deadlines.ts'
import { LazaretError } from '../base/errors.ts'
import { kernelIdProblem, kernelIdRule, reservedMethods } from '../base/ids.ts'
import type { AnyRemoteApi, AskOptions, Ref } from './kernel.ts'

export interface Outgoing {
  readonly kind: 'ask' | 'tell'
  readonly to: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly options: AskOptions
}

/** Sends; for an ask it returns the promise of the reply. */
export type Send = (message: Outgoing) => Promise<unknown> | undefined

/** Makes a remote; see Ref.remote. */
export type OpenRemote = (to: string, options: AskOptions) => object

/** @param openRemote absent in the sandbox. */
export function makeRef<R = AnyRemoteApi>(
  id: string,
  send: Send,
  openRemote: OpenRemote = noRemote,
  options: AskOptions = {},
): Ref<R> {
  const problem = typeof id === 'string' ? kernelIdProblem(id) : 'it is no string'
  if (problem !== undefined) {
    throw new LazaretError('UNKNOWN_KERNEL', `No kernel can have the id ${JSON.stringify(id)}: ${problem}.`, {
      hint: `A kernel id is ${kernelIdRule}.`,
    })
  }
  const ref = {
    id,
    ask: methods((method, args) => send({ kind: 'ask', to: id, method, args, options })),
    tell: methods((method, args) => {
      void send({ kind: 'tell', to: id, method, args, options })
    }),
    with: (more: AskOptions) => makeRef<R>(id, send, openRemote, checkOptions({ ...options, ...more })),
    remote: () => openRemote(id, options),
  }
  return ref as unknown as Ref<R>
}

function noRemote(to: string): never {
  throw new LazaretError('CAGE_UNSUITABLE', `remote() of ${to}: the sandbox has recorded asks, and no other kernel.`)
}

function checkOptions(options: AskOptions): AskOptions {
  const { deadlineMs } = options
  if (deadlineMs !== undefined && !(Number.isFinite(deadlineMs) && deadlineMs > 0)) {
    throw new LazaretError('OPTION_INVALID', `deadlineMs must be a number of milliseconds above 0. Got: ${deadlineMs}.`)
  }
  return options
}

/** @param own what is there beside the methods, under symbols. */
export function methods(
  call: (method: string, args: unknown[]) => unknown,
  own: Readonly<Record<symbol, unknown>> = {},
): object {
  const cache = new Map<string, (...args: unknown[]) => unknown>()
  return new Proxy(Object.freeze(Object.create(null)) as object, {
    get(_, name) {
      if (typeof name === 'symbol') return own[name]
      if (reservedMethods.has(name)) return undefined
      let method = cache.get(name)
      if (method === undefined) {
        method = (...args) => call(name, args)
        cache.set(name, method)
      }
      return method
    },
  })
}

interface PendingAsk {
  readonly deadlineAt: number
  settled: boolean
  expire(): void
  resolve(value: unknown): void
  reject(error: unknown): void
  /** Told once, with the error where it is no reply. */
  readonly onSettled: ((error?: unknown) => void) | undefined
}

/** Asks that wait for their reply. Every one settles: by a reply, by its deadline, or when the table closes. */
export class AskTable {
  readonly #pending = new Map<number, PendingAsk>()
  readonly #deadlines: DeadlineQueue
  readonly #clock: Clock
  #nextId = 1

  constructor(clock: Clock) {
    this.#clock = clock
    this.#deadlines = new DeadlineQueue(clock)
  }

  get size(): number {
    return this.#pending.size
  }

  /**
   * @param deadlineMs milliseconds from now.
   * @param onSettled told once, with the error where it is no reply.
   */
  open(
    to: string,
    method: string,
    deadlineMs: number,
    onSettled?: (error?: unknown) => void,
  ): { id: number; deadlineAt: number; reply: Promise<unknown> } {
    const id = this.#nextId++
    const deadlineAt = this.#clock.monotonicMs() + deadlineMs
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const entry: PendingAsk = {
      deadlineAt,
      settled: false,
      onSettled,
      resolve,
      reject,
      expire: () => {
        const text = `${to}.${method} did not reply within ${Math.round(deadlineMs)} ms.`
        const hint =
          'Ask with a longer deadline (ref.with({ deadlineMs })), or look at what the kernel is doing: lazaret status.'
        this.fail(id, new LazaretError('ASK_TIMEOUT', text, { kernel: to, details: { method, deadlineMs }, hint }))
      },
    }
    this.#pending.set(id, entry)
    this.#deadlines.add(entry)
    return { id, deadlineAt, reply: promise }
  }

  resolve(id: number, value: unknown): void {
    const entry = this.#take(id)
    entry?.resolve(value)
    entry?.onSettled?.()
  }

  fail(id: number, error: unknown): void {
    const entry = this.#take(id)
    entry?.reject(error)
    entry?.onSettled?.(error)
  }

  has(id: number): boolean {
    return this.#pending.has(id)
  }

  /** Fails what is pending and forgets the timer. */
  close(error: () => Error): void {
    for (const id of [...this.#pending.keys()]) this.fail(id, error())
    this.#deadlines.clear()
  }

  #take(id: number): PendingAsk | undefined {
    const entry = this.#pending.get(id)
    if (entry === undefined) return undefined
    this.#pending.delete(id)
    if (!entry.settled) {
      entry.settled = true
      this.#deadlines.noteSettled()
    }
    return entry
  }
}

/**
 * How a kernel is written: `defineKernel`, `defineCheck` and the types around them. This is all that a kernel's module
 * imports (as `lazaret/kernel`); it runs nothing by itself.
 */
import type { Transferable } from 'node:worker_threads'

const kernelBrand = Symbol.for('lazaret.kernel')
const checkBrand = Symbol.for('lazaret.check')

// biome-ignore lint/suspicious/noExplicitAny: a kernel's methods take and return whatever its author wrote.
export type AnyMethod = (...args: any[]) => unknown
export type Api = Record<string, AnyMethod>

export interface AskOptions {
  /** Milliseconds until the ask fails with ASK_TIMEOUT. Default: the target's `limits.askMs`. */
  deadlineMs?: number
  /** True: may be handled twice, so it is delivered again when the kernel crashes on the way. Default false. */
  idempotent?: boolean
}

/** A kernel as others see it: every method returns a promise. Generic methods degrade to unknown. */
export type KernelApi<K> =
  K extends Kernel<infer A>
    ? { [M in keyof A]: A[M] extends (...args: infer P) => infer R ? (...args: P) => Promise<Awaited<R>> : never }
    : never

// biome-ignore lint/suspicious/noExplicitAny: stands for "any set of promise-returning methods".
export type AnyRemoteApi = Record<string, (...args: any[]) => Promise<any>>

declare const proxied: unique symbol
/** Made by `proxy`. */
export interface Proxied {
  readonly [proxied]: true
}

/** A function among the arguments is called from another thread, so it may return a promise or not, and is marked. */
type GivenArguments<P> = {
  [I in keyof P]: P[I] extends (...args: infer A) => infer T ? ((...args: A) => T | Awaited<T>) & Proxied : P[I]
}

/** One instance of a kernel, through Comlink. `using remote = ref.remote()` lets go of it at the end of the block. */
export type Remote<R> = Disposable & {
  readonly [M in keyof R]: R[M] extends (...args: infer P) => infer T ? (...args: GivenArguments<P>) => T : never
}

/** A handle to a kernel, wherever its instance runs at the moment. */
export interface Ref<R> {
  readonly id: string
  /** Settles always: with the reply, or with a LazaretError whose code says why. */
  readonly ask: R
  /** Returns at once; what cannot be delivered is a dead letter and an event. */
  readonly tell: { [M in keyof R]: R[M] extends (...args: infer P) => unknown ? (...args: P) => void : never }
  with(options: AskOptions): Ref<R>
  /**
   * A Comlink remote of the instance that serves at this moment: functions can be given with a call (`proxy`), and
   * buffers move instead of being copied (`transfer`). Its calls are handled one at a time with the kernel's messages,
   * and settle by the deadline of an ask; `idempotent` means nothing here. When the instance ends, calls that wait and
   * later ones fail with STALE_EPOCH: call remote() again. Where no instance serves they fail with KERNEL_UNAVAILABLE.
   * They are not in the mailbox: a call may overtake messages that wait there, is in no replay, and is never parked.
   */
  remote(): Remote<R>
}

const proxyMark = Symbol.for('lazaret.proxy')
const movedKey = Symbol.for('lazaret.transfer')
type Moved = WeakMap<object, readonly Transferable[]>

/** Shared by every copy of this module in the thread: a kernel may resolve its own. */
function movedWith(): Moved {
  const shared = globalThis as { [movedKey]?: Moved }
  shared[movedKey] ??= new WeakMap()
  return shared[movedKey]
}

/**
 * Marks a function that a kernel may call when it is given with a call of a remote, also later, until one of the two ends.
 * It is run beside the messages of whoever gave it, as a timer's function is; a call of it settles within the calling
 * kernel's own `limits.askMs`.
 *
 * @example
 * await runtime.ref<News>('news').remote().watch('today', proxy((hit) => show(hit)))
 *
 * @throws TypeError for anything but a function.
 */
export function proxy<F extends AnyMethod>(given: F): F & Proxied {
  if (typeof given !== 'function') throw new TypeError(`proxy() takes a function. Got: ${typeof given}.`)
  return Object.assign(given, { [proxyMark]: true }) as unknown as F & Proxied
}

/** Says what of a value moves, instead of being copied, when it is an argument or the reply of a remote call. */
export function transfer<T extends object>(value: T, moved: readonly Transferable[]): T {
  movedWith().set(value, moved)
  return value
}

/** For the runtime. */
export function isProxied(given: object): boolean {
  return Reflect.get(given, proxyMark) === true
}

/** For the runtime. */
export function transferOf(value: object): readonly Transferable[] | undefined {
  return movedWith().get(value)
}

export interface KernelLog {
  debug(message: string, facts?: Record<string, unknown>): void
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
  error(message: string, facts?: Record<string, unknown>): void
}

export interface BusTopics {
  'event.incident': {
    incident: string
    kernel: string
    tier: number
    status: 'open' | 'resolved'
    fingerprint: string
    error: string
    count: number
    at: number
  }
  'system.degraded_mode': { enabled: boolean; disabled_kernels: string[] }
  'coding_agent.task_create': {
    task: string
    type: 'fix_kernel_failure'
    kernel: string
    error: string
    diagnostic_path: string
    log: string[]
    priority: number
    incident: string
  }
  /** until: epoch milliseconds; then others may have it. */
  'coding_agent.task_claimed': { task: string; kernel: string; by: string; until: number }
  'coding_agent.task_released': { task: string; kernel: string; by: string }
  'coding_agent.task_closed': { task: string; kernel: string; outcome: string }
  /** The playbook file of a kernel says something new; `change` is one line for a person. */
  'playbook.changed': { kernel: string; version: number; change: string; playbook?: string; at: number }
}

/** The runtime's own bus. A new subscriber first gets what holds now: open incidents, open tasks, the degraded mode, the newest playbooks. */
export interface KernelBus {
  on<T extends keyof BusTopics>(topic: T, handler: (message: BusTopics[T]) => void | Promise<void>): () => void
}

export interface KernelContext<State = unknown, Config = Record<string, unknown>> {
  readonly id: string
  readonly config: Config
  readonly log: KernelLog
  /** What `snapshot` returned last, where the kernel has run before. */
  readonly restored: State | undefined
  /** A folder of this kernel's own. */
  readonly dataDir: string
  /** Epoch milliseconds. */
  now(): number
  readonly bus: KernelBus
  ref<R = AnyRemoteApi>(id: string): Ref<R>
  /** Aborted when the kernel is asked to stop. */
  readonly signal: AbortSignal
  /**
   * Shows state machines of the kernel's own on the dashboard: give it to XState (version 5) as `inspect` when the root
   * actor is made; the actors that it invokes and spawns come with it. What is shown is redacted and bounded, a machine
   * faster than the eye loses steps in between, and nothing that goes wrong here reaches the kernel. Where a kernel is
   * tried out (the sandbox, tests) it does nothing.
   *
   * @example
   * const order = createActor(orderMachine, { inspect: ctx.inspect }).start()
   */
  readonly inspect: (event: object) => void
}

export interface KernelInstance<A extends Api, State> {
  /** What others may ask or tell. */
  api: A
  /** Structured-cloneable state, from which a successor goes on. */
  snapshot?: () => State | Promise<State>
  /** Called before an ordered end; not after a crash. */
  stop?: () => void | Promise<void>
}

export interface Kernel<A extends Api = Api> {
  readonly [kernelBrand]: true
  // biome-ignore lint/suspicious/noExplicitAny: state and config are the author's; they are opaque to the runtime.
  start(ctx: KernelContext<any, any>): Promise<KernelInstance<A, any>> | KernelInstance<A, any>
}

/**
 * @example
 * export default defineKernel({
 *   start(ctx: KernelContext<number>) {
 *     let count = ctx.restored ?? 0
 *     return { api: { add: (by: number) => (count += by) }, snapshot: () => count }
 *   },
 * })
 */
export function defineKernel<A extends Api, State = unknown, Config = Record<string, unknown>>(definition: {
  start(ctx: KernelContext<State, Config>): Promise<KernelInstance<A, State>> | KernelInstance<A, State>
}): Kernel<A> {
  return { [kernelBrand]: true, start: definition.start.bind(definition) }
}

export function isKernel(value: unknown): value is Kernel {
  return typeof value === 'object' && value !== null && kernelBrand in value && 'start' in value
}

export interface Check {
  readonly [checkBrand]: true
  run(kernel: { readonly ask: AnyRemoteApi }): Promise<void>
}

/** What must hold before a kernel may rejoin: throws where it does not. Runs in the sandbox only. */
export function defineCheck<R = AnyRemoteApi>(run: (kernel: { readonly ask: R }) => Promise<void> | void): Check {
  return { [checkBrand]: true, run: async (kernel) => run(kernel as unknown as { ask: R }) }
}

export function isCheck(value: unknown): value is Check {
  return typeof value === 'object' && value !== null && checkBrand in value && 'run' in value
}

/**
 * A kernel as code that runs: imported, started, handed one message, snapshotted, stopped. It knows neither threads nor
 * processes nor time; actor/thread-main.ts drives it in production and sandbox/probe.ts in a proof, so that both judge
 * alike what is an answer, what is a defect and what is permanent.
 */
import { serialize } from 'node:v8'
import { isDefect, isPermanent } from '../base/classify.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { reservedMethods } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { FailurePhase } from '../base/remedy.ts'
import type { CrashOn } from '../base/spec.ts'
import { type AnyMethod, type Api, isKernel, type Kernel, type KernelContext, type KernelInstance } from './kernel.ts'

/** A failure that the kernel does not survive. */
export class KernelFailure extends Error {
  readonly record: ErrorRecord
  readonly phase: FailurePhase
  /** No restart can mend it. */
  readonly permanent: boolean

  constructor(thrown: unknown, phase: FailurePhase, permanent: boolean, record = toRecord(thrown)) {
    super(record.message, { cause: thrown })
    this.name = 'KernelFailure'
    this.record = record
    this.phase = phase
    this.permanent = permanent
  }
}

export type Handled =
  | { readonly ok: true; readonly value: unknown }
  /** `refused`: the kernel's own code was not reached, so the error is the runtime's. */
  | { readonly ok: false; readonly error: ErrorRecord; readonly refused?: true }

/** @throws KernelFailure with phase `import`. */
export async function importKernel(entryUrl: string, lastUrl: () => string | undefined): Promise<Kernel> {
  let module: { default?: unknown }
  try {
    module = (await import(entryUrl)) as { default?: unknown }
  } catch (thrown) {
    throw new KernelFailure(thrown, 'import', isPermanent(thrown), withFile(thrown, lastUrl()))
  }
  if (isKernel(module.default)) return module.default
  const malformed = new LazaretError('KERNEL_MALFORMED', `${entryUrl} has no default export made by defineKernel.`, {
    hint: "Write: export default defineKernel({ async start(ctx) { return { api: {} } } }), from 'lazaret/kernel'.",
  })
  throw new KernelFailure(malformed, 'import', true)
}

/** The compiler's own SyntaxError names no file (FACTS 0.7): the one loaded last is it. */
function withFile(thrown: unknown, lastUrl: string | undefined): ErrorRecord {
  const record = toRecord(thrown)
  if (!(thrown instanceof SyntaxError) || lastUrl === undefined || record.stack?.includes(lastUrl)) return record
  return { ...record, details: { ...record.details, file: lastUrl } }
}

export class KernelHost {
  readonly #id: string
  readonly #instance: KernelInstance<Api, unknown>
  readonly #methods: ReadonlyMap<string, AnyMethod>
  readonly #crashOn: CrashOn

  private constructor(id: string, instance: KernelInstance<Api, unknown>, crashOn: CrashOn) {
    this.#id = id
    this.#instance = instance
    this.#methods = collectMethods(instance.api)
    this.#crashOn = crashOn
  }

  /** @throws KernelFailure with phase `start`. */
  static async start(kernel: Kernel, ctx: KernelContext, crashOn: CrashOn): Promise<KernelHost> {
    try {
      const instance: unknown = await kernel.start(ctx)
      const api: unknown = typeof instance === 'object' && instance !== null ? Reflect.get(instance, 'api') : undefined
      if (typeof api !== 'object' || api === null) {
        throw new LazaretError('KERNEL_MALFORMED', `start() of ${ctx.id} returned no object with an api.`, {
          kernel: ctx.id,
          hint: 'Return { api: { method() {} }, snapshot?, stop? } from start().',
        })
      }
      return new KernelHost(ctx.id, instance as KernelInstance<Api, unknown>, crashOn)
    } catch (thrown) {
      throw new KernelFailure(thrown, 'start', isPermanent(thrown))
    }
  }

  get methods(): string[] {
    return [...this.#methods.keys()]
  }

  get keepsState(): boolean {
    return typeof this.#instance.snapshot === 'function'
  }

  /**
   * Handles one message. Returns at once where the method does.
   * @throws KernelFailure where the error is a defect (see KernelSpec.crashOn).
   */
  handle(method: string, args: readonly unknown[]): Handled | Promise<Handled> {
    const run = this.#methods.get(method)
    if (run === undefined) return { ok: false, error: toRecord(this.#unknown(method)), refused: true }
    try {
      const result = Reflect.apply(run, this.#instance.api, args)
      if (!isThenable(result)) return { ok: true, value: result }
      return Promise.resolve(result).then(
        (value) => ({ ok: true as const, value }),
        (thrown: unknown) => this.#judge(thrown),
      )
    } catch (thrown) {
      return this.#judge(thrown)
    }
  }

  /** What an error out of a handler means here. @throws KernelFailure for a defect. */
  #judge(thrown: unknown): Handled {
    const crashes = this.#crashOn === 'all' || (this.#crashOn === 'defects' && isDefect(thrown))
    if (crashes) throw new KernelFailure(thrown, 'message', false)
    return { ok: false, error: toRecord(thrown) }
  }

  /** State as bytes (v8.serialize). @throws LazaretError SNAPSHOT_FAILED; the kernel goes on. */
  async snapshot(): Promise<Uint8Array | undefined> {
    if (this.#instance.snapshot === undefined) return undefined
    try {
      const bytes = serialize(await this.#instance.snapshot())
      if (bytes.byteLength > limits.snapshotBytes) {
        throw new RangeError(`the state has ${bytes.byteLength} bytes, ${limits.snapshotBytes} are accepted`)
      }
      return bytes
    } catch (cause) {
      throw new LazaretError('SNAPSHOT_FAILED', `snapshot() failed: ${toRecord(cause).message}`, { cause })
    }
  }

  async stop(): Promise<void> {
    await this.#instance.stop?.()
  }

  #unknown(method: string): LazaretError {
    const known = this.methods.join(', ') || 'none'
    const text = `${this.#id} has no method ${JSON.stringify(method)}. It has: ${known}.`
    return new LazaretError('UNKNOWN_METHOD', text, { kernel: this.#id, details: { method, methods: this.methods } })
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function'
}

/** Own functions and those of the classes behind the api, so that `api: new Notes()` works. */
function collectMethods(api: Api): Map<string, AnyMethod> {
  const found = new Map<string, AnyMethod>()
  for (
    let owner: object | null = api;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (reservedMethods.has(name) || found.has(name)) continue
      const value: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value
      if (typeof value === 'function') found.set(name, value as AnyMethod)
    }
  }
  return found
}

/**
 * The queue in front of the sandbox: a Piscina pool whose threads are trusted drivers, each of which runs one candidate
 * in one restricted process. It is made at the first trial and shrinks to nothing when there is none. src/ knows the
 * driver by its URL only.
 */
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { fromRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { IsolatedResult, TrialJob } from './trial.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const driverUrl = new URL(`../../sandbox/driver${ownExtension}`, import.meta.url)
/** A warm thread saves 35 ms of a trial that takes 300; the three runs of a proof follow one another closely. */
const idleTimeoutMs = 2000

export class SandboxPool {
  readonly #env: Record<string, string>
  #pool: Piscina | undefined
  #closed = false
  readonly #running = new Map<Promise<unknown>, () => void>()

  /** @param compiledDir where Node keeps the drivers' compiled code; absent: nowhere. */
  constructor(compiledDir = process.env.NODE_COMPILE_CACHE) {
    this.#env = compiledDir === undefined ? {} : { NODE_COMPILE_CACHE: compiledDir }
  }

  /**
   * Runs one trial.
   * @throws LazaretError SANDBOX_FAILED where nothing was tried; the signal's reason where it was aborted, after the
   * candidate's process has ended.
   */
  readonly run = async (job: TrialJob, signal: AbortSignal): Promise<IsolatedResult> => {
    signal.throwIfAborted()
    if (this.#closed) throw new LazaretError('RUNTIME_STOPPED', 'The sandbox is closed.', { kernel: job.kernel })
    const { port1, port2 } = new MessageChannel()
    const abort = () => port1.postMessage('abort')
    signal.addEventListener('abort', abort)
    // Piscina derives the type of the list from an overload of @types/node 26 that is not the one with a list.
    const transfer = { transferList: [port2] as never }
    const task = this.#open().run({ job, port: port2 }, transfer) as Promise<IsolatedResult>
    this.#running.set(task, abort)
    try {
      const result = await task
      signal.throwIfAborted()
      if (this.#closed) throw new LazaretError('RUNTIME_STOPPED', 'The sandbox was closed.', { kernel: job.kernel })
      return result
    } catch (thrown) {
      signal.throwIfAborted()
      throw sandboxError(thrown, job.kernel)
    } finally {
      this.#running.delete(task)
      signal.removeEventListener('abort', abort)
      port1.close()
    }
  }

  /** Ends every trial and every thread. Afterwards there is no process and no worker left. */
  async close(): Promise<void> {
    this.#closed = true
    const tasks = [...this.#running]
    for (const [, abort] of tasks) abort()
    await Promise.allSettled(tasks.map(([task]) => task))
    await this.#pool?.destroy()
    this.#pool = undefined
  }

  #open(): Piscina {
    this.#pool ??= new Piscina({
      filename: driverUrl.href,
      minThreads: 0,
      maxThreads: limits.sandboxParallel,
      idleTimeout: idleTimeoutMs,
      env: this.#env,
      // Of the type stripper, which strip.ts calls by its function.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    return this.#pool
  }
}

/** An error from a worker has lost its class; one of ours is made whole again, any other means that nothing was tried. */
function sandboxError(thrown: unknown, kernel: string): Error {
  const record = toRecord(thrown)
  if (thrown instanceof LazaretError) return thrown
  if (record.code === 'SANDBOX_FAILED') return fromRecord({ ...record, name: 'LazaretError' })
  return new LazaretError('SANDBOX_FAILED', `The sandbox failed before anything was tried: ${record.message}`, {
    kernel,
    cause: thrown,
  })
}

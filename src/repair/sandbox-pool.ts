/**
 * The queue in front of the sandbox: a Piscina pool of one thread, the trusted driver, which runs each candidate in a
 * restricted process of its own and keeps a few of those warm. It is made at the first trial and given up when there is
 * none for a while. src/ knows the driver by its URL only.
 */
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { fromRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { bubblewrapHere } from './bubblewrap.ts'
import { type IsolatedResult, permissionHere, type TrialJob } from './trial.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const driverUrl = new URL(`../../sandbox/driver${ownExtension}`, import.meta.url)
/** A thread that is there saves 35 ms of a trial; it stays a little longer than the processes that it keeps warm. */
const idleMs = limits.sandboxWarmMs + 1000

export interface SandboxOptions {
  /** false: candidates run without it also where it works. Default true. */
  readonly bubblewrap?: boolean
}

export class SandboxPool {
  readonly #env: Record<string, string>
  readonly #mayWrap: boolean
  #pool: Piscina | undefined
  #closed = false
  #idleTimer: NodeJS.Timeout | undefined
  /** Drivers that are being given up. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #running = new Map<Promise<unknown>, () => void>()

  /** @param compiledDir where Node keeps the driver's compiled code; absent: nowhere. */
  constructor(compiledDir = process.env.NODE_COMPILE_CACHE, { bubblewrap = true }: SandboxOptions = {}) {
    this.#env = compiledDir === undefined ? {} : { NODE_COMPILE_CACHE: compiledDir }
    this.#mayWrap = bubblewrap
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
    const task = this.#open().run(
      { do: 'run', job, ground: this.#ground(), port: port2 },
      transfer,
    ) as Promise<IsolatedResult>
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
      this.#ended(task)
      signal.removeEventListener('abort', abort)
      port1.close()
    }
  }

  /** Starts a process beforehand for a trial of this job, in its folder. Where that fails the trial starts its own. */
  readonly prepare = (job: TrialJob): void => {
    if (this.#closed) return
    const task = this.#open().run({ do: 'prepare', job, ground: this.#ground() })
    this.#running.set(task, () => {})
    const ended = () => this.#ended(task)
    // A folder or a shell that is not there: the trial itself will say so.
    task.then(ended, ended)
  }

  /** Ends every trial and every thread. Afterwards there is no process and no worker left. */
  async close(): Promise<void> {
    this.#closed = true
    const tasks = [...this.#running]
    for (const [, abort] of tasks) abort()
    await Promise.allSettled(tasks.map(([task]) => task))
    this.#giveUp()
    await Promise.all(this.#leaving)
  }

  #ended(task: Promise<unknown>): void {
    this.#running.delete(task)
    clearTimeout(this.#idleTimer)
    if (this.#running.size === 0) this.#idleTimer = setTimeout(() => this.#giveUp(), idleMs).unref()
  }

  /** The thread goes after its processes: nobody would reap them. */
  #giveUp(): void {
    clearTimeout(this.#idleTimer)
    const pool = this.#pool
    this.#pool = undefined
    if (pool === undefined) return
    const gone = (async () => {
      await pool.run({ do: 'end' }).catch(() => {
        // The driver is gone already, and with it every lifeline of its processes.
      })
      await pool.destroy()
    })()
    this.#leaving.add(gone)
    void gone.then(() => this.#leaving.delete(gone))
  }

  /** What this machine gives, tried out at the first trial. */
  #ground() {
    const path = this.#mayWrap ? bubblewrapHere().path : undefined
    if (path === undefined) return { isolation: permissionHere() }
    return { isolation: 'bwrap+permission', bubblewrap: path }
  }

  #open(): Piscina {
    clearTimeout(this.#idleTimer)
    this.#pool ??= new Piscina({
      filename: driverUrl.href,
      minThreads: 0,
      maxThreads: 1,
      // The driver only waits for its processes.
      concurrentTasksPerWorker: limits.sandboxParallel,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A thread that blocks between tasks would not see its processes end.
      atomics: 'disabled',
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

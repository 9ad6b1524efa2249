/**
 * One kernel, its messages, and how it answers: for a test of a failure that was recorded, and of any kernel by itself.
 * The kernel runs from its real file in a process of its own, so that one that crashes, spins or exits fails its test and
 * no other. It is no sandbox: the process may do what the test may.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import { type ErrorRecord, fromRecord } from '../base/error-record.ts'
import { type ErrorCode, LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { CrashOn } from '../base/spec.ts'
import type { ReplayJob, ReplayWord } from './replay-process.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const processFile = fileURLToPath(new URL(`./replay-process${ownExtension}`, import.meta.url))

export interface ReplayOptions {
  /** The kernel's module: its path, or its URL: `new URL('../kernel.ts', import.meta.url)`. */
  readonly entry: string | URL
  /** `ctx.id`. Default `replayed`. */
  readonly kernel?: string
  /** `ctx.config`. Default `{}`. */
  readonly config?: Record<string, unknown>
  /** `ctx.restored`. Default undefined: no snapshot. */
  readonly state?: unknown
  /** Handed over one after another, each when the one before has been answered. Default: none, the kernel only starts. */
  readonly messages?: readonly { readonly method: string; readonly args?: readonly unknown[] }[]
  /**
   * What other kernels answer when this one asks them: in their order to the very same arguments, else the last one of
   * the method. Where there is none the ask fails with KERNEL_UNAVAILABLE.
   */
  readonly replies?: readonly ReplayReply[]
  /** Which errors of a handler are a crash, and which an answer; as in the fleet. Default `defects`. */
  readonly crashOn?: CrashOn
  /** Longest that the import takes, and start(), each. Milliseconds, default 10,000. */
  readonly startMs?: number
  /** Longest that one message is handled. Milliseconds, default 3,000. */
  readonly messageMs?: number
  /** Wait after the last message, for what is thrown late. Milliseconds, default 150. */
  readonly settleMs?: number
  /** V8's heap of the process. MB, default 256. */
  readonly heapMb?: number
}

export interface ReplayReply {
  /** Id of the kernel that is asked. */
  readonly to: string
  readonly method: string
  readonly args?: readonly unknown[]
  /** What it answers, or the error with which it does. */
  readonly value?: unknown
  readonly error?: Pick<ErrorRecord, 'name' | 'message' | 'code' | 'details'>
}

/**
 * Starts the kernel, hands it the messages, and resolves with its answers in their order, an ordinary error of a handler
 * as `rejected`.
 *
 * @example
 * const [put, find] = await replayKernel({
 *   entry: new URL('../kernel.ts', import.meta.url),
 *   messages: [{ method: 'put', args: ['a', 'alpha'] }, { method: 'find', args: ['lph'] }],
 * })
 * expect(find).toEqual({ status: 'fulfilled', value: 1 })
 *
 * @throws the kernel's own error where it crashes, with its stack; LazaretError KERNEL_HUNG, KERNEL_EXITED or
 * KERNEL_OUT_OF_MEMORY where it ends without one; OPTION_INVALID, MESSAGE_UNCLONABLE for options that cannot be used. The
 * process and its folder are gone in any case.
 */
export async function replayKernel(options: ReplayOptions): Promise<PromiseSettledResult<unknown>[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lazaret-replay-'))
  try {
    const answers = await new Run(jobOf(options, dataDir), options).ended
    return answers.map((answer) =>
      'error' in answer
        ? { status: 'rejected', reason: fromRecord(answer.error) }
        : { status: 'fulfilled', value: deserialize(answer.value) as unknown },
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

function jobOf(options: ReplayOptions, dataDir: string): ReplayJob {
  const { messages = [], replies = [], state, kernel = 'replayed', config = {} } = options
  bytesOf(config, 'config')
  return {
    ...{ kernel, entryUrl: urlOf(options.entry), config, dataDir },
    ...(state === undefined ? {} : { state: bytesOf(state, 'state') }),
    messages: messages.map(({ method, args = [] }, at) => ({ method, args: bytesOf(args, `messages[${at}].args`) })),
    replies: replies.map(({ to, method, args = [], value, error }, at) => ({
      ...{ to, method, args: bytesOf(args, `replies[${at}].args`) },
      ...(error === undefined ? { value: bytesOf(value, `replies[${at}].value`) } : { error }),
    })),
    ...{ crashOn: options.crashOn ?? 'defects', settleMs: options.settleMs ?? limits.sandboxSettleMs },
  }
}

function urlOf(entry: unknown): string {
  if (entry instanceof URL && entry.protocol === 'file:') return entry.href
  if (typeof entry === 'string' && entry.startsWith('file:')) return entry
  if (typeof entry === 'string' && entry !== '') return pathToFileURL(entry).href
  const text = `entry must be the path or the file: URL of a kernel's module. Got: ${String(entry)}.`
  throw new LazaretError('OPTION_INVALID', text, { hint: "Write: new URL('../kernel.ts', import.meta.url)" })
}

function bytesOf(value: unknown, what: string): Uint8Array {
  try {
    return serialize(value)
  } catch (cause) {
    throw new LazaretError('MESSAGE_UNCLONABLE', `${what} cannot be copied to another process.`, { cause })
  }
}

type Answers = Extract<ReplayWord, { answers: unknown }>['answers']

/** What it printed last, to tell how it died. Characters. */
const tailChars = 4000

/** One process from its start to its end. */
class Run {
  readonly #job: ReplayJob
  readonly #options: ReplayOptions
  readonly #child: ChildProcess
  readonly #settled = Promise.withResolvers<Answers>()
  #timer: NodeJS.Timeout | undefined
  #end: { readonly answers: Answers } | { readonly error: Error } | undefined
  #tail = ''

  constructor(job: ReplayJob, options: ReplayOptions) {
    this.#job = job
    this.#options = options
    const { NODE_OPTIONS: _, ...env } = process.env
    this.#child = fork(processFile, [], {
      ...{ env, serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
      execArgv: [
        `--max-old-space-size=${options.heapMb ?? limits.sandboxHeapMb}`,
        '--disable-warning=ExperimentalWarning',
      ],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk)
      this.#tail = (this.#tail + chunk.toString('utf8')).slice(-tailChars)
    })
    this.#child.on('message', (word) => this.#said(word as ReplayWord))
    this.#child.on('error', (cause) => this.#stop(this.#error('SANDBOX_FAILED', 'No process could be started', cause)))
    this.#child.on('close', (code, signal) => this.#closed(signal ?? `exit code ${code}`))
    this.#said({ begins: 'import' })
    this.#child.send(job, (cause) => {
      if (cause !== null) this.#stop(this.#error('SANDBOX_FAILED', 'The process did not take its job', cause))
    })
  }

  /** Settles when the process is gone. */
  get ended(): Promise<Answers> {
    return this.#settled.promise
  }

  #said(word: ReplayWord): void {
    if ('begins' in word) {
      this.#expect(word)
      return
    }
    this.#end ??= 'answers' in word ? word : { error: fromRecord(word.failed) }
    clearTimeout(this.#timer)
    // It leaves by itself when its words are out, unless the kernel has taken its loop.
    this.#timer = setTimeout(() => this.#child.kill('SIGKILL'), limits.terminateMs)
  }

  #expect({ begins, at }: Extract<ReplayWord, { begins: unknown }>): void {
    clearTimeout(this.#timer)
    const { startMs = limits.sandboxStartMs, messageMs = limits.sandboxMessageMs } = this.#options
    const isEarly = begins === 'import' || begins === 'start'
    const ms = isEarly ? startMs : begins === 'idle' ? messageMs + this.#job.settleMs : messageMs
    const method = at === undefined ? undefined : this.#job.messages[at]?.method
    const what = method === undefined ? `in phase ${begins}` : `with message ${at}, ${method}(),`
    this.#timer = setTimeout(
      () => this.#stop(this.#error('KERNEL_HUNG', `It was still busy ${what} after ${ms} ms`)),
      Math.min(ms, limits.timerMs),
    )
  }

  /** What counts is the first end. A process that never started has no other event. */
  #stop(error: Error): void {
    this.#end ??= { error }
    if (this.#child.pid === undefined) this.#closed('')
    else this.#child.kill('SIGKILL')
  }

  #closed(how: string): void {
    clearTimeout(this.#timer)
    if (this.#end === undefined) {
      const isMemory = /heap out of memory/.test(this.#tail)
      const error = isMemory
        ? this.#error('KERNEL_OUT_OF_MEMORY', 'It ran out of memory')
        : this.#error('KERNEL_EXITED', `It ended its process (${how})`)
      this.#end = { error }
    }
    if ('answers' in this.#end) this.#settled.resolve(this.#end.answers)
    else this.#settled.reject(this.#end.error)
  }

  #error(code: ErrorCode, text: string, cause?: unknown): LazaretError {
    return new LazaretError(code, `${text}.`, { kernel: this.#job.kernel, ...(cause === undefined ? {} : { cause }) })
  }
}

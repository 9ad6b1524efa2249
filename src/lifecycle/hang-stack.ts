/**
 * The stack of a thread that does not answer, taken from outside through the inspector: the main thread attaches to the
 * worker, has it pause, reads its frames and leaves. It works within a spin and within Atomics.wait (FACTS B), not
 * within a native call or a blocking system call. Leaving lets the thread run on; ending it is the caller's business.
 */
import { Session } from 'node:inspector'
import { isMainThread } from 'node:worker_threads'

export interface HangFrame {
  readonly fn: string
  /** file: URL, or whatever name the script has. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
}

export interface HangStack {
  /** In V8's form, innermost first: `    at fn (file:line:column)`, a line each. */
  readonly stack: string
  readonly frames: readonly HangFrame[]
}

/** One inspection at a time: each attaches to all workers. */
let queue: Promise<unknown> = Promise.resolve()

/**
 * @param thread the worker's name, or its threadId.
 * @param deadlineMs for everything, waiting for other inspections included.
 * @returns undefined where no stack could be had in time, or no worker of the process is this one.
 */
export async function stackOfThread(thread: string | number, deadlineMs: number): Promise<HangStack | undefined> {
  // From within a worker the inspector reaches that worker only.
  if (!isMainThread) return undefined
  const deadline = Promise.withResolvers<undefined>()
  const abandoned = { yes: false }
  const timer = setTimeout(() => {
    abandoned.yes = true
    deadline.resolve(undefined)
  }, deadlineMs)
  const turn = queue.then(() => (abandoned.yes ? undefined : inspectOnce(thread, deadline.promise)))
  queue = turn
  try {
    return await Promise.race([turn, deadline.promise])
  } finally {
    clearTimeout(timer)
    deadline.resolve(undefined)
  }
}

/** Never rejects: the inspector's refusals mean that there is no stack. */
async function inspectOnce(thread: string | number, deadline: Promise<undefined>): Promise<HangStack | undefined> {
  const inspection = new Inspection(thread)
  try {
    return await Promise.race([inspection.frames(), deadline])
  } catch {
    // Another debugger holds the thread, or the worker ended meanwhile. The caller goes on without a stack.
    return undefined
  } finally {
    inspection.leave()
  }
}

interface WorkerMessage {
  readonly method?: string
  readonly error?: { readonly message: string }
  readonly params?: {
    readonly scriptId?: string
    readonly url?: string
    readonly callFrames?: readonly CallFrame[]
  }
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number }
}

/**
 * A request that meets a thread at the very moment it enters its loop lies unread until the next one arrives (measured:
 * 22 of 150), so it is repeated. Milliseconds.
 */
const nudgeMs = 100

class Inspection {
  readonly #thread: string | number
  readonly #session = new Session()
  readonly #attached: string[] = []
  readonly #scripts = new Map<string, string>()
  readonly #result = Promise.withResolvers<HangStack>()
  #target: string | undefined
  #lastId = 0
  #nudge: NodeJS.Timeout | undefined

  constructor(thread: string | number) {
    this.#thread = thread
  }

  frames(): Promise<HangStack> {
    this.#session.connect()
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      this.#attached.push(params.sessionId)
      if (this.#target !== undefined || !this.#isTarget(params.workerInfo)) return
      this.#target = params.sessionId
      this.#send('Debugger.enable')
      this.#send('Debugger.pause')
      this.#nudge = setInterval(() => this.#send('Debugger.pause'), nudgeMs)
    })
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId === this.#target) this.#read(JSON.parse(params.message) as WorkerMessage)
    })
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => {
      if (error !== null) this.#result.reject(error)
      // All workers that exist are attached by now.
      else if (this.#target === undefined) this.#result.reject(new Error('no worker of this name'))
    })
    return this.#result.promise
  }

  /** Workers are titled `[worker <threadId>] <name>`; the inspector's own workerId is a number of its own. */
  #isTarget({ title }: { title: string }): boolean {
    const match = /^\[worker (\d+)\] ?(.*)$/s.exec(title)
    return typeof this.#thread === 'number' ? match?.[1] === String(this.#thread) : match?.[2] === this.#thread
  }

  #send(method: string): void {
    if (this.#target === undefined) return
    this.#lastId += 1
    const message = JSON.stringify({ id: this.#lastId, method })
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.#target, message }, (error) => {
      if (error !== null) this.#result.reject(error)
    })
  }

  #read({ method, error, params }: WorkerMessage): void {
    if (error !== undefined) this.#result.reject(new Error(error.message))
    if (method === 'Debugger.scriptParsed' && params?.scriptId !== undefined) {
      this.#scripts.set(params.scriptId, params.url ?? '')
    }
    if (method === 'Debugger.paused') this.#result.resolve(toStack(params?.callFrames ?? [], this.#scripts))
  }

  /**
   * Detaching drops a pause and lets the thread run; NodeWorker.disable alone was measured to leave workers paused. Each
   * step is tried whatever became of the one before.
   */
  leave(): void {
    clearInterval(this.#nudge)
    // A pause that came too late to be read must not reject into nowhere.
    this.#result.promise.catch(() => {})
    for (const step of [
      ...this.#attached.map((sessionId) => () => this.#session.post('NodeWorker.detach', { sessionId }, () => {})),
      () => this.#session.post('NodeWorker.disable', () => {}),
      () => this.#session.disconnect(),
    ]) {
      try {
        step()
      } catch {
        // Not connected, or the worker is gone: what this step would have undone does not exist.
      }
    }
  }
}

function toStack(callFrames: readonly CallFrame[], scripts: ReadonlyMap<string, string>): HangStack {
  const frames = callFrames.map(({ functionName, url, location }) => ({
    fn: functionName === '' ? '<anonymous>' : functionName,
    file: url || scripts.get(location.scriptId) || '<unknown>',
    line: location.lineNumber + 1,
    column: (location.columnNumber ?? 0) + 1,
  }))
  return {
    stack: frames.map(({ fn, file, line, column }) => `    at ${fn} (${file}:${line}:${column})`).join('\n'),
    frames,
  }
}

/**
 * The world that a kernel sees in the sandbox: its context, with other kernels played by their recorded replies, and the
 * handle through which a check asks it. No message leaves the process.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { AnyRemoteApi, KernelContext, KernelLog } from '../src/actor/kernel.ts'
import type { Handled, KernelFailure, KernelHost } from '../src/actor/kernel-host.ts'
import { makeRef, type Outgoing } from '../src/actor/ref.ts'
import { type ErrorRecord, fromRecord } from '../src/base/error-record.ts'
import { LazaretError } from '../src/base/errors.ts'
import { limits } from '../src/base/limits.ts'
import type { RecordedReply } from '../src/base/remedy.ts'
import type { TrialJob } from '../src/repair/trial.ts'

/** The last lines that a kernel logged. */
export class LogTail {
  #lines: string[] = []

  add(level: keyof KernelLog, message: string): void {
    this.#lines.push(`${level} ${String(message).slice(0, limits.logLineChars)}`)
    if (this.#lines.length > 2 * limits.sandboxLogLines) this.#lines = this.lines()
  }

  lines(): string[] {
    return this.#lines.slice(-limits.sandboxLogLines)
  }
}

export function contextOf(job: TrialJob, tail: LogTail): KernelContext {
  const dataDir = join(job.folder, job.mode === 'replay' ? 'data' : 'out/data')
  mkdirSync(dataDir, { recursive: true })
  const replies = new ReplyBook(job.replies)
  const stopping = new AbortController()
  return {
    id: job.kernel,
    config: job.config,
    log: {
      debug: (message) => tail.add('debug', message),
      info: (message) => tail.add('info', message),
      warn: (message) => tail.add('warn', message),
      error: (message) => tail.add('error', message),
    },
    restored: job.state === undefined ? undefined : (deserialize(job.state) as unknown),
    dataDir,
    now: () => Date.now(),
    // The runtime's bus is silent here: what a kernel would hear on it is not part of the recorded messages.
    bus: { on: () => () => {} },
    ref: (id) => makeRef(id, (message) => (message.kind === 'ask' ? replies.answer(message) : undefined)),
    signal: stopping.signal,
  }
}

/** Recorded replies: those to the very same call in their order, then the latest to the same method. */
class ReplyBook {
  readonly #exact = new Map<string, RecordedReply[]>()
  readonly #latest = new Map<string, RecordedReply>()

  constructor(replies: readonly RecordedReply[]) {
    for (const reply of replies) {
      const key = `${reply.to}.${reply.method}`
      this.#latest.set(key, reply)
      const exactKey = `${key} ${Buffer.from(reply.args).toString('base64')}`
      const queue = this.#exact.get(exactKey)
      if (queue === undefined) this.#exact.set(exactKey, [reply])
      else queue.push(reply)
    }
  }

  async answer({ to, method, args }: Outgoing): Promise<unknown> {
    const key = `${to}.${method}`
    const bytes = bytesOf(args, `The arguments of ${key}`)
    const reply = this.#exact.get(`${key} ${bytes.toString('base64')}`)?.shift() ?? this.#latest.get(key)
    if (reply === undefined) {
      throw new LazaretError('KERNEL_UNAVAILABLE', `No reply of ${key} was recorded, and the sandbox has no ${to}.`, {
        kernel: to,
      })
    }
    if (reply.error !== undefined) throw fromRecord(reply.error)
    return reply.value === undefined ? undefined : (deserialize(reply.value) as unknown)
  }
}

function bytesOf(value: unknown, what: string): Buffer {
  try {
    return serialize(value)
  } catch (cause) {
    throw new LazaretError('MESSAGE_UNCLONABLE', `${what} cannot be copied to another thread.`, { cause })
  }
}

export interface AskListeners {
  ordinary(error: ErrorRecord): void
  fatal(failure: unknown): void
}

/** The kernel as its check sees it: one message at a time, everything copied, errors as in production. */
export function askOf(id: string, host: KernelHost, listeners: AskListeners): AnyRemoteApi {
  let last: Promise<unknown> = Promise.resolve()
  const handleNext = async (method: string, args: readonly unknown[]): Promise<unknown> => {
    const copy = deserialize(bytesOf(args, `The arguments of ${method}`)) as unknown[]
    let handled: Handled
    try {
      handled = await host.handle(method, copy)
    } catch (failure) {
      listeners.fatal(failure)
      throw new LazaretError('KERNEL_DOWN', `${id} crashed while it handled ${method}.`, {
        kernel: id,
        cause: (failure as KernelFailure).cause,
      })
    }
    if (!handled.ok) {
      listeners.ordinary(handled.error)
      throw answerOf(id, method, handled.error)
    }
    return replyOf(method, handled.value)
  }
  return makeRef<AnyRemoteApi>(id, ({ kind, method, args }) => {
    const reply = last.then(() => handleNext(method, args))
    // The caller has the rejection; the next message waits for the end of this one, good or bad.
    last = reply.catch(() => undefined)
    return kind === 'ask' ? reply : undefined
  }).ask
}

function answerOf(kernel: string, method: string, error: ErrorRecord): Error {
  if (error.code === 'UNKNOWN_METHOD' && error.name === 'LazaretError') return fromRecord(error)
  const cause = fromRecord(error)
  return new LazaretError('HANDLER_FAILED', `${kernel}.${method} failed: ${error.message}`, { kernel, cause })
}

function replyOf(method: string, value: unknown): unknown {
  try {
    return deserialize(serialize(value)) as unknown
  } catch (cause) {
    throw new LazaretError('REPLY_UNCLONABLE', `The reply of ${method} cannot be copied to another thread.`, { cause })
  }
}

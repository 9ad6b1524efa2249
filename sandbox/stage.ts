/**
 * The world that a kernel sees in the sandbox: its context, with other kernels played by their recorded replies, and the
 * handle through which a check asks it. No message leaves the process.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { AnyRemoteApi, KernelContext, KernelLog } from '../src/actor/kernel.ts'
import type { Handled, KernelFailure, KernelHost } from '../src/actor/kernel-host.ts'
import { bytesOf, recordedContext } from '../src/actor/recorded-world.ts'
import { makeRef } from '../src/actor/ref.ts'
import { type ErrorRecord, fromRecord } from '../src/base/error-record.ts'
import { LazaretError } from '../src/base/errors.ts'
import { limits } from '../src/base/limits.ts'
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
  const { kernel, config, state, replies } = job
  return recordedContext({ kernel, config, state, dataDir, replies, log: (level, message) => tail.add(level, message) })
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

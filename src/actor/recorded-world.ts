/**
 * The world of a kernel that is replayed: a context in which other kernels are their recorded replies, and nothing that
 * the kernel says reaches anybody. It starts nothing.
 */
import { deserialize, serialize } from 'node:v8'
import { fromRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { RecordedReply } from '../base/remedy.ts'
import type { KernelContext, KernelLog } from './kernel.ts'
import { makeRef, type Outgoing } from './ref.ts'

export interface RecordedWorld {
  /** Id of the kernel. */
  readonly kernel: string
  readonly config: Record<string, unknown>
  /** v8.serialize of the state to start from. */
  readonly state?: Uint8Array | undefined
  /** Absolute path of a folder that is there. */
  readonly dataDir: string
  readonly replies: readonly RecordedReply[]
  /** Hears each line that it logs. */
  log(level: keyof KernelLog, message: string): void
}

export function recordedContext({ kernel, config, state, dataDir, replies, log }: RecordedWorld): KernelContext {
  const book = new ReplyBook(replies)
  return {
    ...{ id: kernel, config, dataDir },
    log: {
      debug: (message) => log('debug', message),
      info: (message) => log('info', message),
      warn: (message) => log('warn', message),
      error: (message) => log('error', message),
    },
    restored: state === undefined ? undefined : (deserialize(state) as unknown),
    now: () => Date.now(),
    // What a kernel would hear on the bus is not part of the recorded messages.
    bus: { on: () => () => {} },
    ref: (id) => makeRef(id, (message) => (message.kind === 'ask' ? book.answer(message) : undefined)),
    signal: new AbortController().signal,
    // Nobody watches.
    inspect: () => {},
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
      throw new LazaretError('KERNEL_UNAVAILABLE', `No reply of ${key} was recorded, and ${to} does not run here.`, {
        kernel: to,
      })
    }
    if (reply.error !== undefined) throw fromRecord(reply.error)
    return reply.value === undefined ? undefined : (deserialize(reply.value) as unknown)
  }
}

/** As a thread would be sent it. @throws LazaretError MESSAGE_UNCLONABLE */
export function bytesOf(value: unknown, what: string): Buffer {
  try {
    return serialize(value)
  } catch (cause) {
    throw new LazaretError('MESSAGE_UNCLONABLE', `${what} cannot be copied to another thread.`, { cause })
  }
}

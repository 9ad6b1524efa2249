/**
 * How a command reaches a runtime: over its control socket, each answer with a deadline; or, for what is only read, in
 * the journal that a runtime left behind. It prints nothing.
 */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { ControlClient, type ControlStream } from '../control/client.ts'
import type { ControlOp, StreamOp } from '../control/protocol.ts'
import { type JournalReader, openJournalReadOnly } from '../journal/reader.ts'

type Op = Exclude<ControlOp, 'events'>

export interface Link {
  /** Rejects with CONTROL_FAILED when no answer has come in time. `T` is what the op is known to answer. */
  ask<T>(op: Op, params?: Record<string, unknown>): Promise<T>
  /** Calls back for each item; `T` is what the stream is known to consist of. */
  stream<T>(op: StreamOp, params: Record<string, unknown>, onItem: (item: T) => void): ControlStream
}

/** @param signal hangs up; what was asked goes on in the runtime. @throws LazaretError CONTROL_FAILED where no runtime answers. */
export async function withRuntime<T>(
  dataDir: string,
  use: (link: Link) => Promise<T>,
  answerMs: number = limits.controlAnswerMs,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted()
  const client = await ControlClient.connect(dataDir)
  const hangUp = () => client.close()
  signal?.addEventListener('abort', hangUp)
  try {
    return await use({
      ask: <A>(op: Op, params?: Record<string, unknown>) =>
        answered(client.ask(op, params), op, answerMs) as Promise<A>,
      stream: (op, params, onItem) => client.stream(op, params, onItem),
    })
  } finally {
    signal?.removeEventListener('abort', hangUp)
    client.close()
  }
}

function answered(reply: Promise<unknown>, op: Op, answerMs: number): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const text = `The runtime has not answered ${op} within ${answerMs} ms.`
    reject(new LazaretError('CONTROL_FAILED', text, { hint: 'Its main thread may be blocked: look at its process.' }))
  }, answerMs)
  return Promise.race([reply, promise]).finally(() => clearTimeout(timer))
}

/**
 * From the running runtime, or from the journal where none runs.
 * @throws LazaretError CONTROL_FAILED where there is neither.
 */
export async function readEither<T>(
  dataDir: string,
  live: (link: Link) => Promise<T>,
  left: (journal: JournalReader) => T,
): Promise<{ readonly running: boolean; readonly found: T }> {
  try {
    return { running: true, found: await withRuntime(dataDir, live) }
  } catch (thrown) {
    if (!isNobodyThere(thrown)) throw thrown
    const journal = journalOf(dataDir)
    if (journal === undefined) throw thrown
    try {
      return { running: false, found: left(journal) }
    } finally {
      journal.close()
    }
  }
}

/** No socket, or one that a dead process left. Anything else, such as missing rights, is the user's to know. */
export function isNobodyThere(thrown: unknown): boolean {
  if (!(thrown instanceof LazaretError) || thrown.code !== 'CONTROL_FAILED') return false
  const code = (thrown.cause as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

function journalOf(dataDir: string): JournalReader | undefined {
  try {
    return openJournalReadOnly(dataDir)
  } catch (thrown) {
    // There is none either; whoever asked is told that nobody answers.
    if (thrown instanceof LazaretError && thrown.code === 'NOT_FOUND') return undefined
    throw thrown
  }
}

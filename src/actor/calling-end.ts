/**
 * The end of a line that calls, as an endpoint for Comlink's `wrap`. It knows which calls wait, so each is answered: by the
 * other end, by a refusal, or by the end of the line. Comlink sees errors as replies, which the caller of this turns back.
 */
import type { Transferable } from 'node:worker_threads'
import type { Endpoint } from 'comlink'
import { type ErrorRecord, fromRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { comlink } from './comlink.ts'
import { type AnyMethod, isProxied, transferOf } from './kernel.ts'
import { type End, type Lines, lineMessage } from './line.ts'
import type { LineMessage } from './protocol.ts'
import type { AskTable } from './ref.ts'

/** What Comlink posts: a request has a path and arguments, a reply is itself a value. */
export interface Said {
  readonly id: string
  readonly type: string
  readonly path?: readonly string[]
  readonly argumentList?: readonly Wire[]
  readonly value?: unknown
}
interface Wire {
  readonly type: string
  readonly value?: unknown
}
export type Heard = Extract<LineMessage, { t: 'line' }>
export type Listener = (event: { data: unknown }) => void

/** A function of a module, no closure: what an end holds on to, the collector cannot let go of. */
type Give = (lines: Lines, run: AnyMethod) => number

/** Stands for a function among the arguments, until the end replaces it by its line. */
class Given {
  readonly run: AnyMethod
  constructor(run: AnyMethod) {
    this.run = run
  }
}

/** A reply that is an error. */
class Failure {
  readonly error: ErrorRecord
  constructor(error: ErrorRecord) {
    this.error = error
  }
}

/** Where a remote or a callback leads, and by when it answers. */
export interface Call {
  readonly to: string
  readonly asks: AskTable
  readonly deadlineMs: number
}

/** The end that calls. */
export class CallingEnd implements End {
  readonly endpoint: Endpoint
  readonly #lines: Lines
  readonly #to: string
  readonly #give: Give
  readonly line: number
  readonly #pending = new Set<string>()
  #listener: Listener | undefined
  /** Why nothing is answered any more. */
  over: ErrorRecord | undefined
  #isReleased = false
  /** Of the call that is being posted. Monotonic milliseconds. */
  deadlineAt = 0

  /**
   * @param give makes a line of a function among the arguments.
   * @param line where the other party has made it.
   */
  constructor(lines: Lines, to: string, give: Give, line?: number) {
    this.#lines = lines
    this.#to = to
    this.#give = give
    this.line = line ?? lines.add(this)
    if (line !== undefined) lines.set(line, this)
    this.endpoint = endpointOf(
      (said, moved) => this.#say(said, moved),
      (listener) => {
        this.#listener = listener
      },
    )
  }

  #say(said: Said, moved: readonly Transferable[] | undefined): void {
    // Comlink says so too when all proxies of this line have been collected; calls may be pending then.
    if (said.type === 'RELEASE') this.release()
    else if (this.over !== undefined) this.#answer(said.id, this.over)
    else if (this.#pending.size >= limits.remoteCalls) this.#answer(said.id, this.#full())
    else this.#post(said, moved)
  }

  #post(said: Said, moved: readonly Transferable[] | undefined): void {
    const given: number[] = []
    const argumentList = (said.argumentList ?? []).map((wire) => {
      if (!(wire.value instanceof Given)) return wire
      const line = this.#give(this.#lines, wire.value.run)
      given.push(line)
      return { type: 'LINE', value: line }
    })
    this.#pending.add(said.id)
    const failed = (cause: unknown) => {
      for (const line of given) this.#lines.forget(line)
      this.#settle(said.id, this.#unclonable(cause))
    }
    try {
      const more = { deadlineAt: this.deadlineAt, ...(given.length > 0 && { given }) }
      this.#lines.say(lineMessage(this.line, { ...said, argumentList }, moved, more), failed)
    } catch (cause) {
      failed(cause)
    }
  }

  hear({ said }: Heard): void {
    const reply = said as Said
    if (reply.type === 'FAILED') this.#settle(reply.id, reply.value as ErrorRecord)
    else if (this.#pending.delete(reply.id)) {
      this.#listener?.({ data: reply })
      this.#leaveIfDone()
    }
  }

  end(why: ErrorRecord | undefined): void {
    this.over = why ?? toRecord(new LazaretError('STALE_EPOCH', `The line to ${this.#to} has ended.`))
    for (const id of [...this.#pending]) this.#settle(id, this.over)
  }

  /** Calls that were made are still answered; then the line is gone. */
  release(): void {
    this.over ??= toRecord(
      new LazaretError('STALE_EPOCH', `This remote of ${this.#to} was released by its holder.`, {
        hint: 'Call remote() again for a new one.',
      }),
    )
    this.#isReleased = true
    this.#leaveIfDone()
  }

  #leaveIfDone(): void {
    if (this.#isReleased && this.#pending.size === 0) this.#lines.drop(this.line)
  }

  #settle(id: string, error: ErrorRecord): void {
    if (!this.#pending.delete(id)) return
    this.#answer(id, error)
    this.#leaveIfDone()
  }

  #answer(id: string, error: ErrorRecord): void {
    this.#listener?.({ data: { id, type: 'RAW', value: new Failure(error) } })
  }

  #full(): ErrorRecord {
    const text = `${limits.remoteCalls} calls of this remote of ${this.#to} wait for their answer; it takes no more now.`
    const details = { max: limits.remoteCalls }
    return toRecord(new LazaretError('MAILBOX_FULL', text, { kernel: this.#to, details, hint: 'Call more slowly.' }))
  }

  #unclonable(cause: unknown): ErrorRecord {
    const text = `The arguments of a call to ${this.#to} cannot be copied to another thread: ${toRecord(cause).message}`
    const hint = 'Send plain data; a function goes as an argument of its own, as proxy(fn), with a call to a kernel.'
    return toRecord(new LazaretError('MESSAGE_UNCLONABLE', text, { kernel: this.#to, hint, cause }))
  }
}

export function endpointOf(
  say: (said: Said, moved: readonly Transferable[] | undefined) => void,
  onListener: (listener: Listener) => void,
): Endpoint {
  return {
    postMessage: (said: unknown, moved?: unknown) => say(said as Said, moved as readonly Transferable[] | undefined),
    addEventListener: (_type: string, listener: unknown) => onListener(listener as Listener),
    // Called at a release only, and the line goes with that.
    removeEventListener: () => undefined,
  }
}

/** Calls through Comlink; the reply settles by its deadline at the latest. */
export function askThrough(end: CallingEnd, call: Call, method: string, apply: () => unknown): Promise<unknown> {
  if (end.over !== undefined) return Promise.reject(fromRecord(end.over))
  const { asks, to, deadlineMs } = call
  const { id, deadlineAt, reply } = asks.open(to, method, deadlineMs)
  end.deadlineAt = deadlineAt
  Promise.try(apply).then(
    (value) => {
      if (value instanceof Failure) asks.fail(id, fromRecord(value.error))
      else asks.resolve(id, value)
    },
    (thrown: unknown) => asks.fail(id, thrown),
  )
  return reply
}

/** Marks of `proxy` and `transfer`, ours and Comlink's own, as what Comlink is to see. */
export function marked(value: unknown): unknown {
  if (typeof value === 'function')
    return isProxied(value) || isComlinkProxy(value) ? new Given(value as AnyMethod) : value
  if (typeof value !== 'object' || value === null) return value
  if (isComlinkProxy(value)) {
    throw new LazaretError(
      'MESSAGE_UNCLONABLE',
      'Only functions can be passed as callbacks. Got: an object in proxy().',
    )
  }
  const moved = transferOf(value)
  return moved === undefined ? value : comlink().transfer(value, [...moved] as never)
}

function isComlinkProxy(value: object): boolean {
  return Reflect.get(value, comlink().proxyMarker) === true
}

/** For replies, and for what callbacks are called with: no function goes that way. */
export function movedOnly(value: unknown): unknown {
  const what = marked(value)
  if (!(what instanceof Given)) return what
  throw new LazaretError('MESSAGE_UNCLONABLE', 'A function can be given with a call to a kernel only.', {
    hint: 'Add a method to the api of the kernel in its place.',
  })
}

/**
 * The end of a line that is called, as an endpoint for Comlink's `expose`: a function, or the methods of a kernel's api.
 * It lets nothing through but a call, and does not run the call itself: whoever serves decides when. A reply has left when
 * `answer` resolves; errors are said past Comlink, which would strip them and take some turns.
 */
import type { Transferable } from 'node:worker_threads'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import {
  askThrough,
  type Call,
  CallingEnd,
  endpointOf,
  type Heard,
  type Listener,
  movedOnly,
  type Said,
} from './calling-end.ts'
import { comlink } from './comlink.ts'
import type { AnyMethod } from './kernel.ts'
import { type Handled, KernelFailure } from './kernel-host.ts'
import { type End, type Lines, lineMessage } from './line.ts'
import { handlerFailed } from './mailbox.ts'
import { methods } from './ref.ts'

/** A call of a kernel's api that waits in the thread for its turn. */
export interface RemoteCall {
  readonly t: 'call'
  /** It has no number in the mailbox: what it asks belongs to no message. */
  readonly n: -1
  readonly method: string
  readonly args: readonly unknown[]
  /** Monotonic milliseconds. */
  readonly deadlineAt: number
  /** Answers with what `run` returns; resolves when the reply has left. @throws what `run` throws; the caller knows then. */
  answer(run: () => Handled | Promise<Handled>): Promise<Handled>
  /** It is not begun. */
  refuse(error: ErrorRecord): void
}

/** Comlink gives names such as `bind` and `then` a meaning of its own; none of them begins like this. */
export function nameOnWire(method: string): string {
  return `.${method}`
}

export interface Serve {
  receive(call: RemoteCall): void
  /** Id of the kernel whose api is called; absent: a function is. */
  readonly kernel?: string
  /** How functions among the arguments are called; absent: there may be none. */
  readonly callbacks?: Omit<Call, 'to'>
}

/** The end that is called: one function, or the methods of an api. */
export class ServingEnd implements End {
  readonly line: number
  readonly #lines: Lines
  readonly #serve: Serve
  /** By call: told when its reply has left. */
  readonly #leaving = new Map<string, () => void>()
  #listener: Listener | undefined
  #isOver = false
  /** The call that Comlink is applying. */
  #now = { id: '', deadlineAt: 0 }

  /** @param line where the other party has made it. */
  constructor(lines: Lines, serve: Serve, line?: number) {
    this.#lines = lines
    this.#serve = serve
    this.line = line ?? lines.add(this)
    if (line !== undefined) lines.set(line, this)
    const endpoint = endpointOf(
      (said, moved) => this.#reply(said, moved),
      (listener) => {
        this.#listener = listener
      },
    )
    const apply = (name: string, args: unknown[]) => this.#apply(name.slice(1), args)
    const target =
      serve.kernel === undefined ? (...args: unknown[]) => apply(nameOnWire('callback'), args) : methods(apply)
    comlink().expose(target, endpoint)
  }

  hear({ said, deadlineAt }: Heard): void {
    const call = said as Said
    const path = call.path ?? []
    if (call.type !== 'APPLY' || path.length !== (this.#serve.kernel === undefined ? 0 : 1)) {
      const text = `A method is called by its name, a function by none. Got: ${call.type} of ${JSON.stringify(path)}.`
      this.#fail(call.id, toRecord(new LazaretError('UNKNOWN_METHOD', text)))
      return
    }
    this.#now = { id: call.id, deadlineAt: deadlineAt ?? 0 }
    const argumentList = (call.argumentList ?? []).map((wire) =>
      wire.type === 'LINE' ? { type: 'RAW', value: this.#callback(wire.value as number) } : wire,
    )
    this.#listener?.({ data: { ...call, argumentList } })
  }

  end(): void {
    this.#isOver = true
    for (const left of this.#leaving.values()) left()
    this.#leaving.clear()
  }

  /** A function of the caller's, which may be kept: its line ends with the caller, or when nobody holds it any more. */
  #callback(line: number): AnyMethod | undefined {
    const { callbacks } = this.#serve
    if (callbacks === undefined) return undefined
    const end = new CallingEnd(this.#lines, 'the caller', refuseFunction, line)
    const inner = comlink().wrap<AnyMethod>(end.endpoint) as unknown as AnyMethod
    const call: Call = { ...callbacks, to: 'the caller' }
    return (...args) => {
      const reply = askThrough(end, call, 'callback', () => inner(...args.map(movedOnly)))
      // A kernel that does not look at it (a report of progress) must not end by the caller's mistake, or its death.
      reply.catch(() => undefined)
      return reply
    }
  }

  #apply(method: string, args: readonly unknown[]): Promise<unknown> {
    const { id, deadlineAt } = this.#now
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const answer = async (run: () => Handled | Promise<Handled>): Promise<Handled> => {
      let handled: Handled
      try {
        handled = await run()
      } catch (thrown) {
        this.#fail(id, this.#crashed(method, thrown))
        throw thrown
      }
      if (handled.ok) await this.#succeed(id, handled.value, resolve)
      else this.#fail(id, this.#judged(method, handled))
      return handled
    }
    const refuse = (error: ErrorRecord) => this.#fail(id, error)
    this.#serve.receive({ t: 'call', n: -1, method, args, deadlineAt, answer, refuse })
    return promise
  }

  /** As the host does for an ask. */
  #judged(method: string, { error, refused }: Extract<Handled, { ok: false }>): ErrorRecord {
    const { kernel } = this.#serve
    return kernel === undefined || refused ? error : handlerFailed(kernel, method, error)
  }

  #crashed(method: string, thrown: unknown): ErrorRecord {
    const { kernel = 'The caller' } = this.#serve
    const cause = thrown instanceof KernelFailure ? thrown.record : toRecord(thrown)
    const text = `${kernel} went down while it handled ${method}: ${cause.message}`
    return { ...toRecord(new LazaretError('KERNEL_DOWN', text, { kernel, details: { method } })), cause }
  }

  /** Resolves when Comlink has posted the value. */
  async #succeed(id: string, value: unknown, resolve: (value: unknown) => void): Promise<void> {
    if (this.#isOver) return
    let reply: unknown
    try {
      reply = movedOnly(value)
    } catch (cause) {
      this.#fail(id, unclonableReply(cause))
      return
    }
    const left = Promise.withResolvers<void>()
    this.#leaving.set(id, left.resolve)
    resolve(reply)
    await left.promise
  }

  #reply(said: Said, moved: readonly Transferable[] | undefined): void {
    if (!this.#isOver) {
      const failed = (cause: unknown) => this.#fail(said.id, unclonableReply(cause))
      try {
        this.#lines.say(lineMessage(this.line, said, moved), failed)
      } catch (cause) {
        failed(cause)
      }
    }
    this.#leaving.get(said.id)?.()
    this.#leaving.delete(said.id)
  }

  /** Said at once, past Comlink, which would take some turns: a thread that crashes leaves right after it. */
  #fail(id: string, error: ErrorRecord): void {
    if (!this.#isOver) this.#lines.say({ t: 'line', line: this.line, said: { id, type: 'FAILED', value: error } })
  }
}

function unclonableReply(cause: unknown): ErrorRecord {
  const text = `The reply cannot be copied to another thread: ${toRecord(cause).message}`
  const hint = 'Send plain data: no functions, proxies, promises or class instances with private state.'
  return toRecord(new LazaretError('REPLY_UNCLONABLE', text, { hint, cause }))
}

function refuseFunction(): never {
  throw new LazaretError('MESSAGE_UNCLONABLE', 'A function can be given with a call to a kernel only.')
}

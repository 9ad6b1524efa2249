/**
 * Lines: Comlink's endpoints, many of them over the one port between the host and a thread. A remote is a line to a
 * kernel's api, a callback is a line back to the function; a line between two kernels passes through the host. There is
 * no port of its own for each, so none can be left open: when a thread ends, the host ends its lines, and whatever waits
 * on one is answered there and then. (Over ports of their own Comlink's promises pend for ever: FACTS H.)
 *
 * A line knows nothing of actors: remote.ts makes the calls, the thread queues what it is called for.
 */
import type { Transferable } from 'node:worker_threads'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { LineMessage } from './protocol.ts'

/** Sends to the other party. @throws what postMessage throws for the values. */
export type Say = (message: LineMessage, unread?: (cause: Error) => void) => void

export interface End {
  hear(message: Extract<LineMessage, { t: 'line' }>): void
  /** Nobody is at the other end any more. Absent: it was let go of, nothing failed. */
  end(why: ErrorRecord | undefined): void
}

/** One party's ends: the host has such a set for each thread, a thread has one. */
export class Lines {
  readonly say: Say
  /** Told what a function threw that was given with a call. */
  readonly onThrown: (thrown: unknown) => void
  readonly #ends = new Map<number, End>()
  #nextLine: number
  #closed = false

  /** @param base the first of this party's numbers: a line has the same number everywhere. */
  constructor(base: number, say: Say, onThrown: (thrown: unknown) => void = () => undefined) {
    this.#nextLine = base
    this.say = say
    this.onThrown = onThrown
  }

  get size(): number {
    return this.#ends.size
  }

  /** A number for a new line, with the end that is here. */
  add(end: End): number {
    this.#nextLine += 1
    this.#ends.set(this.#nextLine, end)
    return this.#nextLine
  }

  /** The end that is here of a line that the other party made. */
  set(line: number, end: End): void {
    if (!this.#closed) this.#ends.set(line, end)
  }

  take(message: LineMessage): void {
    const end = this.#ends.get(message.line)
    // Said before the sender heard that the line has ended.
    if (end === undefined) return
    if (message.t === 'line') end.hear(message)
    else if (message.t === 'lineEnd') {
      this.#ends.delete(message.line)
      end.end(message.error)
    }
  }

  /** Lets go of a line; the other party does the same when it hears of it. */
  drop(line: number, why?: ErrorRecord): void {
    if (!this.#ends.delete(line) || this.#closed) return
    this.say({ t: 'lineEnd', line, ...(why && { error: why }) })
  }

  forget(line: number): void {
    this.#ends.delete(line)
  }

  /** In the host: what is said on this line by one thread goes to the other, and the functions given with it too. */
  relay(line: number, other: Lines): void {
    this.set(line, new Relay(line, this, other))
    other.set(line, new Relay(line, other, this))
  }

  /** The other party is gone. */
  close(why: ErrorRecord): void {
    this.#closed = true
    const ends = [...this.#ends.values()]
    this.#ends.clear()
    for (const end of ends) end.end(why)
  }
}

class Relay implements End {
  readonly #line: number
  readonly #from: Lines
  readonly #to: Lines

  constructor(line: number, from: Lines, to: Lines) {
    this.#line = line
    this.#from = from
    this.#to = to
  }

  hear(message: Extract<LineMessage, { t: 'line' }>): void {
    for (const given of message.given ?? []) this.#from.relay(given, this.#to)
    try {
      this.#to.say(message)
    } catch (cause) {
      // The host has less stack than a thread: what was said cannot be passed on, and nobody knows what it answered.
      const error = toRecord(new LazaretError('MESSAGE_UNCLONABLE', 'A value could not be passed on.', { cause }))
      this.#from.drop(this.#line, error)
      this.#to.drop(this.#line, error)
    }
  }

  end(why: ErrorRecord | undefined): void {
    this.#to.drop(this.#line, why)
  }
}

/** What moves instead of being copied is named beside what is said, so that a host in between can move it on. */
export function lineMessage(
  line: number,
  said: object,
  moved: readonly Transferable[] | undefined,
  more: { given?: readonly number[]; deadlineAt?: number } = {},
): Extract<LineMessage, { t: 'line' }> {
  return { t: 'line', line, said, ...more, ...(moved !== undefined && moved.length > 0 && { moved }) }
}

/** What calls hear when the instance at the other end is gone. */
export function staleEpoch(kernel: string, epoch: number, cause: ErrorRecord | undefined): ErrorRecord {
  const because = cause === undefined ? '' : `: ${cause.message.replace(/\.$/, '')}`
  const text = `The instance of ${kernel} that this remote was bound to has ended${because}.`
  const hint = 'Call remote() again for the instance that serves now, or ask: an ask goes to whichever serves.'
  const error = toRecord(new LazaretError('STALE_EPOCH', text, { kernel, details: { epoch }, hint }))
  return cause === undefined ? error : { ...error, cause }
}

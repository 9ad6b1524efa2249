/**
 * A kernel as others reach it: a route over whatever instance serves it at the moment. In service its messages go to the
 * thread; while an instance is being replaced they are held; out of service the kernel's degraded mode says what
 * becomes of them. A route knows nothing of threads' lives, budgets or repairs.
 */
import { serialize } from 'node:v8'
import { type Envelope, handlerFailed, Mailbox, type Numbered, type Outcome, type Receiver } from '../actor/mailbox.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { type ErrorCode, LazaretError, type LazaretErrorOptions } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { KernelSpec } from '../base/spec.ts'

export interface DeadLetter {
  readonly kernel: string
  readonly from: string
  readonly method: string
  readonly kind: 'ask' | 'tell'
  readonly code: ErrorCode
  readonly reason: string
  readonly args: readonly unknown[]
}

export interface RoutePorts {
  nowMs(): number
  deadLetter(letter: DeadLetter): void
  /** A message is handed to the instance. */
  began(message: Numbered): void
}

/** One hash for an argument list; the same list gives the same bytes. Undefined where it is nested too deeply for one. */
export function hashArgs(args: readonly unknown[]): string | undefined {
  try {
    return sha256(serialize(args))
  } catch {
    // It could be posted, with a little more stack left; such a message is never parked.
    return undefined
  }
}

export class Route {
  readonly #spec: () => KernelSpec
  readonly mailbox: Mailbox
  readonly #ports: RoutePorts
  /** By method: hashes of the arguments of parked messages. */
  readonly #parked = new Map<string, Set<string>>()
  #mode: 'open' | 'degraded' | 'closed' = 'open'
  /** Counts the instances that have served. */
  epoch = 0

  /** @param spec the present one: a command may change it. */
  constructor(spec: () => KernelSpec, ports: RoutePorts) {
    this.#spec = spec
    this.#ports = ports
    this.mailbox = new Mailbox(
      ports.nowMs,
      (message) => ports.began(message),
      (message) => this.#unclonable(message),
    )
  }

  /** What answers for the kernel now. */
  get servedBy(): 'instance' | 'buffer' | 'reject' | 'nobody' {
    if (this.#mode === 'closed') return 'nobody'
    return this.#mode === 'open' ? 'instance' : this.#spec().degraded.mode
  }

  accept(envelope: Envelope): void {
    const refusal = this.#refusal(envelope)
    if (refusal === undefined) this.mailbox.push(envelope)
    else this.refuse(envelope, refusal)
  }

  #refusal(envelope: Envelope): LazaretError | undefined {
    const { id, mailbox, degraded } = this.#spec()
    if (this.#mode === 'closed')
      return this.#error('RUNTIME_STOPPED', `${id} takes no more messages: the runtime stops.`)
    if (this.#isParked(envelope)) {
      return this.#error(
        'MESSAGE_POISONED',
        `${id}.${envelope.method} with these arguments is parked: it crashed the kernel.`,
        {
          details: { method: envelope.method },
          hint: `Mend the caller or the kernel, then give it another chance: lazaret restart ${id}`,
        },
      )
    }
    if (this.mailbox.depth >= (this.#mode === 'open' ? mailbox : degraded).max) this.mailbox.dropExpired()
    if (this.#mode === 'open') {
      if (this.mailbox.depth < mailbox.max) return undefined
      return this.#error('MAILBOX_FULL', `The mailbox of ${id} holds ${mailbox.max} messages and takes no more now.`, {
        details: { max: mailbox.max },
        hint: 'Send more slowly, or raise mailbox.max of this kernel.',
      })
    }
    if (degraded.mode === 'buffer' && this.mailbox.depth < degraded.max) return undefined
    const why =
      degraded.mode === 'buffer' ? `its buffer of ${degraded.max} messages is full` : 'its degraded mode is reject'
    return this.#error('KERNEL_UNAVAILABLE', `${id} is out of service, and ${why}.`, {
      details: { mode: degraded.mode },
      hint: `See why: lazaret incidents, lazaret status. It is served again when it rejoins.`,
    })
  }

  #error(code: ErrorCode, text: string, options: LazaretErrorOptions = {}): LazaretError {
    return new LazaretError(code, text, { kernel: this.#spec().id, ...options })
  }

  #unclonable(envelope: Envelope): void {
    const text = `The arguments of ${this.#spec().id}.${envelope.method} cannot be copied to its thread.`
    this.refuse(
      envelope,
      this.#error('MESSAGE_UNCLONABLE', text, { hint: 'Send plain data that is not nested thousands of levels deep.' }),
    )
  }

  /** Ends a message without handling it: an ask fails, a tell becomes a dead letter. */
  refuse(envelope: Envelope, error: LazaretError): void {
    if (envelope.kind === 'ask') {
      envelope.settle?.({ ok: false, error: toRecord(error) })
      return
    }
    this.#ports.deadLetter({
      kernel: this.#spec().id,
      from: envelope.from,
      method: envelope.method,
      kind: envelope.kind,
      code: error.code,
      reason: error.message,
      args: envelope.args,
    })
  }

  #isParked(envelope: Envelope): boolean {
    const hashes = this.#parked.get(envelope.method)
    const hash = hashes && hashArgs(envelope.args)
    return hash !== undefined && hashes?.has(hash) === true
  }

  /** Refuses this message from now on, waiting ones included. */
  park(method: string, argsSha256: string): void {
    const hashes = this.#parked.get(method) ?? new Set()
    hashes.add(argsSha256)
    this.#parked.set(method, hashes)
    for (const waiting of this.mailbox.takeWaiting((envelope) => this.#isParked(envelope))) this.accept(waiting)
  }

  unpark(method: string, argsSha256: string): void {
    this.#parked.get(method)?.delete(argsSha256)
  }

  /** An instance serves from now on. */
  open(receiver: Receiver): void {
    this.#mode = 'open'
    this.epoch += 1
    this.mailbox.attach(receiver)
  }

  /** Messages are held for the next instance. */
  hold(): void {
    this.#mode = 'open'
  }

  /** Out of service: what waits is kept, or refused, as the degraded mode says. */
  degrade(): void {
    this.#mode = 'degraded'
    if (this.#spec().degraded.mode === 'buffer') return
    for (const waiting of this.mailbox.takeWaiting()) this.accept(waiting)
  }

  /** Takes nothing more; what waits is refused. */
  close(): void {
    this.#mode = 'closed'
    for (const waiting of this.mailbox.takeWaiting()) this.accept(waiting)
  }

  /** The instance replied to, or refused, a message it was given. */
  finished(n: number, outcome: Outcome & { refused?: boolean }): Numbered | undefined {
    const envelope = this.mailbox.finished(n)
    if (envelope === undefined || envelope.settle === undefined) return envelope
    if (outcome.ok) envelope.settle(outcome)
    else
      envelope.settle({
        ok: false,
        error: outcome.refused ? outcome.error : handlerFailed(this.#spec().id, envelope.method, outcome.error),
      })
    return envelope
  }

  /**
   * The instance is gone. Returns what it was handling; the caller of this judges which of them are poison and calls
   * `lose` or `again` for each. What it had finished without a word is settled here.
   */
  detach(cause: ErrorRecord | undefined): Numbered[] {
    const { handling, finishedUnsaid } = this.mailbox.detach()
    for (const envelope of finishedUnsaid) {
      const text = `${this.#spec().id} handled ${envelope.method}, and ended before its reply left.`
      envelope.settle?.({
        ok: false,
        error: { ...toRecord(this.#error('KERNEL_DOWN', text)), ...(cause && { cause }) },
      })
    }
    return handling
  }

  /** What an ended instance was handling goes in front of what waits, or to what stands in for the kernel now. */
  handAgain(envelopes: readonly Numbered[]): void {
    if (envelopes.length === 0) return
    const isKept = this.#mode === 'open' || (this.#mode === 'degraded' && this.#spec().degraded.mode === 'buffer')
    if (isKept) this.mailbox.putBack(envelopes)
    else for (const envelope of envelopes) this.accept(envelope)
  }

  /** The message was being handled at a crash and is not handled again. */
  lose(
    envelope: Numbered,
    cause: ErrorRecord | undefined,
    code: 'KERNEL_DOWN' | 'MESSAGE_POISONED' = 'KERNEL_DOWN',
  ): void {
    const because = cause === undefined ? 'it was ended' : cause.message
    const error = this.#error(code, `${this.#spec().id} went down while it handled ${envelope.method}: ${because}`)
    if (envelope.kind === 'ask') {
      envelope.settle?.({
        ok: false,
        error: { ...toRecord(error), details: { method: envelope.method }, ...(cause && { cause }) },
      })
    } else this.refuse(envelope, error)
  }
}

/**
 * A kernel as others reach it: a route over whatever serves it at the moment. In service its messages go to the instance's
 * thread; while that is being replaced they are held. Out of service they go to a stand-in (a promoted standby, the
 * fallback) where there is one, else the kernel's degraded mode says what becomes of them. Whoever begins to serve has a
 * new epoch. A route knows nothing of threads' lives, budgets or repairs.
 */
import { type Envelope, handlerFailed, Mailbox, type Numbered, type Outcome, type Receiver } from '../actor/mailbox.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { type ErrorCode, LazaretError, type LazaretErrorOptions } from '../base/errors.ts'
import type { MessagePattern } from '../base/message-pattern.ts'
import type { KernelSpec } from '../base/spec.ts'
import { Parked } from './parked.ts'

export interface DeadLetter {
  readonly kernel: string
  readonly from: string
  readonly method: string
  readonly kind: 'ask' | 'tell'
  readonly code: ErrorCode
  readonly reason: string
  readonly args: readonly unknown[]
}

export type StandInKind = 'standby' | 'fallback'
/** What answers for a kernel: its instance, what stands in for it, or what becomes of its messages meanwhile. */
export type ServedBy = 'instance' | StandInKind | 'reroute' | 'buffer' | 'reject' | 'nobody'

export interface RoutePorts {
  nowMs(): number
  deadLetter(letter: DeadLetter): void
  /** The message is another kernel's now. */
  reroute(to: string, message: Envelope): void
  /** A message is handed to the instance. */
  began(message: Numbered): void
  /** It could not be handed over after all. */
  skipped(message: Numbered): void
}

export class Route {
  readonly #spec: () => KernelSpec
  readonly mailbox: Mailbox
  readonly #ports: RoutePorts
  readonly #parked = new Parked()
  #mode: 'open' | 'degraded' | 'closed' = 'open'
  #standIn: StandInKind | undefined
  /** Who gets the messages while nobody serves, in place of what the degraded mode says. */
  #divertedTo: string | undefined
  /** Counts what has served this kernel, one after the other, in earlier processes too. */
  epoch = 0

  /** @param spec the present one: a command may change it. */
  constructor(spec: () => KernelSpec, ports: RoutePorts) {
    this.#spec = spec
    this.#ports = ports
    this.mailbox = new Mailbox(
      ports.nowMs,
      (message) => ports.began(message),
      (message) => {
        ports.skipped(message)
        this.#unclonable(message)
      },
    )
  }

  /** What answers for the kernel now. */
  get servedBy(): ServedBy {
    if (this.#mode === 'closed') return 'nobody'
    if (this.#mode === 'open') return 'instance'
    if (this.#standIn !== undefined) return this.#standIn
    if (this.#divertedTo !== undefined) return 'reroute'
    const { mode } = this.#spec().degraded
    // A fallback that could not be started, or has failed.
    return mode === 'fallback' ? 'reject' : mode
  }

  accept(envelope: Envelope): void {
    const refusal = this.whyRefused(envelope)
    const to = this.#divertedTo ?? this.#spec().degraded.to
    if (refusal !== undefined) this.refuse(envelope, refusal)
    else if (this.servedBy === 'reroute' && to !== undefined) this.#ports.reroute(to, envelope)
    else this.mailbox.push(envelope)
  }

  /** Why this message would not be taken now. */
  whyRefused(envelope: Pick<Envelope, 'method' | 'args'>): LazaretError | undefined {
    const { id, mailbox, degraded } = this.#spec()
    if (this.#mode === 'closed')
      return this.#error('RUNTIME_STOPPED', `${id} takes no more messages: the runtime stops.`)
    const parked = this.#parked.whyRefused(envelope.method, envelope.args)
    if (parked !== undefined) {
      return this.#error('MESSAGE_POISONED', `${id}.${envelope.method} ${parked}.`, {
        details: { method: envelope.method },
        hint: `Mend the caller or the kernel, then give it another chance: lazaret restart ${id}`,
      })
    }
    const by = this.servedBy
    if (by === 'reroute') return undefined
    const isServed = by === 'instance' || by === 'standby' || by === 'fallback'
    if (this.mailbox.depth >= (isServed ? mailbox : degraded).max) this.mailbox.dropExpired()
    if (isServed) {
      if (this.mailbox.depth < mailbox.max) return undefined
      return this.#error('MAILBOX_FULL', `The mailbox of ${id} holds ${mailbox.max} messages and takes no more now.`, {
        details: { max: mailbox.max },
        hint: 'Send more slowly, or raise mailbox.max of this kernel.',
      })
    }
    if (by === 'buffer' && this.mailbox.depth < degraded.max) return undefined
    return this.#error('KERNEL_UNAVAILABLE', `${id} is out of service, and ${this.#whyRefused(by)}.`, {
      details: { mode: degraded.mode },
      hint: `See why: lazaret incidents, lazaret status. It is served again when it rejoins.`,
    })
  }

  #whyRefused(by: ServedBy): string {
    const { mode, max } = this.#spec().degraded
    if (by === 'buffer') return `its buffer of ${max} messages is full`
    return mode === 'fallback' ? 'its fallback does not run' : 'its degraded mode is reject'
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

  /**
   * Ends a message without handling it: an ask fails, a tell becomes a dead letter; one that is a dead letter sent again
   * stays the one that it is, and whoever sent it is told.
   */
  refuse(envelope: Envelope, error: LazaretError): void {
    if (envelope.kind === 'ask' || envelope.settle !== undefined) {
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

  /** Refuses this message from now on, waiting ones included. */
  park(method: string, argsSha256: string): void {
    this.#parked.add(method, argsSha256)
    this.#refuseWaiting()
  }

  unpark(method: string, argsSha256: string): void {
    this.#parked.delete(method, argsSha256)
  }

  /** Refuses every message that it matches from now on, waiting ones included. */
  parkPattern(pattern: MessagePattern): void {
    this.#parked.addPattern(pattern)
    this.#refuseWaiting()
  }

  unparkPattern(pattern: MessagePattern): void {
    this.#parked.deletePattern(pattern)
  }

  /** Patterns that are in force, in words, without secrets. */
  get parkedPatterns(): readonly string[] {
    return this.#parked.patterns
  }

  #refuseWaiting(): void {
    const isParked = ({ method, args }: Envelope) => this.#parked.whyRefused(method, args) !== undefined
    for (const waiting of this.mailbox.takeWaiting(isParked)) this.accept(waiting)
  }

  /**
   * Messages go to another kernel until this one is in service again, unless something stands in for it; those that wait
   * go there at once. @param to undefined: what the degraded mode says, as before.
   */
  divert(to: string | undefined): void {
    this.#divertedTo = to
    if (this.#mode !== 'degraded' || this.#isKept) return
    for (const waiting of this.mailbox.takeWaiting()) this.accept(waiting)
  }

  /** An instance serves from now on. */
  open(receiver: Receiver): void {
    this.#mode = 'open'
    this.#divertedTo = undefined
    this.#standIn = undefined
    this.epoch += 1
    this.mailbox.attach(receiver)
  }

  /** The stand-in that the route was degraded to serves from now on. */
  serve(receiver: Receiver): void {
    this.epoch += 1
    this.mailbox.attach(receiver)
  }

  /** The stand-in that serves is the kernel's instance from now on: the epoch goes on. */
  adopt(): void {
    this.#mode = 'open'
    this.#divertedTo = undefined
    this.#standIn = undefined
  }

  /** Messages are held for the next instance. */
  hold(): void {
    this.#mode = 'open'
    this.#standIn = undefined
  }

  /**
   * Out of service: what waits is kept for the stand-in, or becomes what the degraded mode says.
   * @param standIn who is about to serve; absent where nobody is.
   */
  degrade(standIn?: StandInKind): void {
    this.#mode = 'degraded'
    this.#standIn = standIn
    if (this.#isKept) return
    for (const waiting of this.mailbox.takeWaiting()) this.accept(waiting)
  }

  /** Whether messages wait here. */
  get #isKept(): boolean {
    const by = this.servedBy
    return by !== 'nobody' && by !== 'reject' && by !== 'reroute'
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

  /** A thread other than this one has the kernel's messages. */
  isServedByOther(thread: Receiver | undefined): boolean {
    const { receiver } = this.mailbox
    return receiver !== undefined && receiver !== thread
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
    if (this.#isKept) this.mailbox.putBack(envelopes)
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

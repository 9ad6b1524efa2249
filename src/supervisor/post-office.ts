/**
 * Where every message passes: from the host's refs and from kernels, to a route, and the reply back. It settles each ask
 * exactly once, refuses an ask that would wait on itself, and turns what cannot be delivered into dead letters.
 */
import type { Envelope, Numbered, Outcome } from '../actor/mailbox.ts'
import type { ThreadMessage } from '../actor/protocol.ts'
import { AskTable, type OpenRemote, type Outgoing, type Send } from '../actor/ref.ts'
import { openRemote, refusedRemote } from '../actor/remote.ts'
import type { Thread } from '../actor/thread.ts'
import type { Tracing } from '../actor/tracing.ts'
import type { Clock } from '../base/clock.ts'
import { DeadlineQueue } from '../base/deadlines.ts'
import { type ErrorRecord, fromRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { Emit } from '../base/events.ts'
import type { DeadLetter as DeadLetterRow } from '../journal/rows.ts'
import type { DeadLetter } from '../routing/route.ts'
import { WaitGraph } from '../routing/wait-graph.ts'
import { WatchedAsk } from './ask-watch.ts'
import { cycleError, letterOf, serializeOrNothing } from './letters.ts'
import { Links, type TrafficLink } from './links.ts'
import type { Unit } from './unit.ts'

type Sent = Extract<ThreadMessage, { t: 'send' }>

export interface PostOfficePorts {
  readonly clock: Clock
  readonly emit: Emit
  addDeadLetter(letter: DeadLetterRow): void
  /** Where the program traces. */
  readonly tracing?: Tracing | undefined
  /** Why nothing can be sent now; undefined while the runtime runs. */
  closed(): LazaretError | undefined
}

export class PostOffice {
  readonly #units: ReadonlyMap<string, Unit>
  readonly #ports: PostOfficePorts
  readonly #hostAsks: AskTable
  readonly #kernelAskDeadlines: DeadlineQueue
  readonly #waits = new WaitGraph()
  readonly #links = new Links()

  constructor(units: ReadonlyMap<string, Unit>, ports: PostOfficePorts) {
    this.#units = units
    this.#ports = ports
    this.#hostAsks = new AskTable(ports.clock)
    this.#kernelAskDeadlines = new DeadlineQueue(ports.clock)
  }

  addKernel(id: string, concurrency: () => number): void {
    this.#waits.add(id, concurrency)
  }

  /** Sends for the host's own refs. Arguments are copied here, so that the caller may change its objects afterwards. */
  readonly hostSend: Send = (message) => {
    const refusal = this.#ports.closed()
    if (refusal !== undefined) return this.#refuseHost(message, refusal)
    const unit = this.#units.get(message.to)
    if (unit === undefined) return this.#refuseHost(message, this.#unknown(message.to))
    let args: unknown[]
    try {
      args = structuredClone(message.args as unknown[])
    } catch (cause) {
      const text = `The arguments of ${message.to}.${message.method} cannot be copied to another thread: ${toRecord(cause).message}`
      return this.#refuseHost(
        { ...message, args: [] },
        new LazaretError('MESSAGE_UNCLONABLE', text, { kernel: message.to, cause }),
      )
    }
    const { kind, method, options, to } = message
    this.#links.count('host', to)
    const idempotent = options.idempotent ?? false
    const { tracing, clock } = this.#ports
    if (kind === 'tell') {
      const trace = tracing?.current
      unit.route.accept({ kind, from: 'host', method, args, deadlineAt: 0, idempotent, ...(trace && { trace }) })
      return undefined
    }
    const watched = new WatchedAsk(unit.asks, clock, { from: 'host', to, method }, tracing)
    const { trace } = watched
    const deadlineMs = options.deadlineMs ?? unit.spec.limits.askMs
    const { id, deadlineAt, reply } = this.#hostAsks.open(to, method, deadlineMs, (error) => watched.end(error))
    const settle = (outcome: Outcome) => {
      if (outcome.ok) this.#hostAsks.resolve(id, outcome.value)
      else this.#hostAsks.fail(id, fromRecord(outcome.error))
    }
    unit.route.accept({ kind, from: 'host', method, args, deadlineAt, idempotent, settle, trace })
    return reply
  }

  /** A remote of the instance that serves now, for the host; see Ref.remote. */
  readonly hostRemote: OpenRemote = (to, options) => {
    const refusal = this.#ports.closed()
    if (refusal !== undefined) return refusedRemote(() => refusal)
    const target = this.#serving(to)
    if (target instanceof LazaretError) return refusedRemote(() => target)
    const deadlineMs = options.deadlineMs ?? this.#units.get(to)?.spec.limits.askMs ?? 5000
    return openRemote(target.lines, { to, asks: this.#hostAsks, deadlineMs })
  }

  /** A kernel wants a remote of another: their lines are joined here. */
  openLine(from: Thread, { line, to }: Extract<ThreadMessage, { t: 'lineOpen' }>): void {
    const target = this.#serving(to)
    if (target instanceof LazaretError) {
      from.post([{ t: 'lineEnd', line, error: toRecord(target) }])
      return
    }
    from.lines.relay(line, target.lines)
    target.post([{ t: 'lineOpen', line, to }])
  }

  #serving(id: string): Thread | LazaretError {
    const unit = this.#units.get(id)
    if (unit === undefined) return this.#unknown(id)
    const thread = unit.standIns.thread ?? unit.instance.serving
    if (thread !== undefined && !thread.ended) return thread
    return new LazaretError(
      'KERNEL_UNAVAILABLE',
      `No instance of ${id} serves now, so a remote has nothing to lead to.`,
      {
        kernel: id,
        hint: 'Call remote() again when it is back, or ask: an ask waits for the next instance.',
      },
    )
  }

  #refuseHost(message: Outgoing, error: LazaretError): Promise<never> | undefined {
    if (message.kind === 'ask') return Promise.reject(error)
    this.deadLetter({ ...letterOf(message.to, 'host', message), code: error.code, reason: error.message })
    return undefined
  }

  #unknown(id: string): LazaretError {
    const known = [...this.#units.keys()]
    const text = `The fleet has no kernel ${JSON.stringify(id)}. It has: ${known.join(', ')}.`
    return new LazaretError('UNKNOWN_KERNEL', text, { details: { known } })
  }

  /** A kernel sends to another. */
  kernelSend(sender: Unit, thread: Thread, message: Sent): void {
    const { kind, id, to, method, args, deadlineAt, idempotent, during, trace } = message
    const target = this.#units.get(to)
    if (message.unclonable !== undefined) {
      this.deadLetter({
        ...letterOf(to, sender.id, message),
        code: 'MESSAGE_UNCLONABLE',
        reason: message.unclonable.message,
      })
      return
    }
    if (target !== undefined) this.#links.count(sender.id, to)
    if (kind === 'tell') {
      if (target !== undefined)
        target.route.accept({ kind, from: sender.id, method, args, deadlineAt: 0, idempotent, trace })
      else
        this.deadLetter({
          ...letterOf(to, sender.id, message),
          code: 'UNKNOWN_KERNEL',
          reason: this.#unknown(to).message,
        })
      return
    }
    sender.recorder.asked({ id, to, method, args })
    const { clock, tracing } = this.#ports
    const watched = target && new WatchedAsk(target.asks, clock, { from: sender.id, to, method, trace }, tracing)
    watched?.endBy(this.#kernelAskDeadlines, deadlineAt)
    let waitsFor = to
    const settle = (outcome: Outcome) => {
      if (during >= 0) this.#waits.done(sender.id, during, waitsFor)
      sender.recorder.answered(id, outcome)
      watched?.end(outcome.ok ? undefined : outcome.error)
      if (!thread.ended) this.#reply(thread, id, outcome)
    }
    if (target === undefined) {
      settle({ ok: false, error: toRecord(this.#unknown(to)) })
      return
    }
    const moved = (next: string) => {
      if (during < 0) return undefined
      this.#waits.done(sender.id, during, waitsFor)
      waitsFor = next
      const cycle = this.#waits.wait(sender.id, during, next)
      return cycle === undefined ? undefined : cycleError(sender.id, cycle)
    }
    const cycle = moved(to)
    if (cycle === undefined)
      target.route.accept({
        kind,
        from: sender.id,
        method,
        args,
        deadlineAt,
        idempotent,
        settle,
        moved,
        trace: watched?.trace,
      })
    else settle({ ok: false, error: cycle })
  }

  /** A kernel that is out of service passes a message on to the one that its fleet names for that. */
  reroute(from: Unit, to: string, message: Envelope): void {
    const via = [...(message.via ?? []), from.id]
    const target = this.#units.get(to)
    if (target === undefined) {
      from.route.refuse(message, this.#unknown(to))
      return
    }
    if (via.includes(to)) {
      // The fleet file was changed under running kernels, one restart at a time: the whole never was a circle.
      const text = `${from.id} is out of service, and so is whoever it is rerouted to: ${[...via, to].join(' -> ')}.`
      from.route.refuse(message, new LazaretError('KERNEL_UNAVAILABLE', text, { kernel: from.id, details: { via } }))
      return
    }
    const cycle = message.moved?.(to)
    if (cycle === undefined) {
      this.#links.count(from.id, to)
      target.route.accept({ ...message, via })
    } else message.settle?.({ ok: false, error: cycle })
  }

  #reply(thread: Thread, id: number, outcome: Outcome): void {
    if (!outcome.ok) {
      thread.post([{ t: 'failed', id, error: outcome.error }])
      return
    }
    try {
      thread.post([{ t: 'reply', id, value: outcome.value }])
    } catch (cause) {
      const error = new LazaretError('REPLY_UNCLONABLE', `The reply cannot be passed on: ${toRecord(cause).message}`, {
        cause,
      })
      thread.post([{ t: 'failed', id, error: toRecord(error) }])
    }
  }

  /** The kernel's start() is over. */
  started(unit: Unit): void {
    this.#waits.finished(unit.id, 0)
  }

  /** The kernel finished a message that it was asked. */
  handled(unit: Unit, message: Extract<ThreadMessage, { t: 'handled' }>): void {
    const { n, error } = message
    const outcome = error === undefined ? { ok: true as const, value: message.value } : { ok: false as const, error }
    this.#waits.finished(unit.id, n)
    const isSkipped = message.refused === true && error?.code === 'ASK_TIMEOUT'
    if (!isSkipped) unit.handled += 1
    if (message.refused !== true) unit.recorder.finished(n, outcome)
    else if (isSkipped) unit.recorder.skipped(n)
    else unit.recorder.finished(n)
    unit.route.finished(n, message.refused ? { ...outcome, refused: true } : outcome)
  }

  told(unit: Unit, numbers: readonly number[]): void {
    unit.handled += numbers.length
    for (const n of numbers) {
      this.#waits.finished(unit.id, n)
      unit.recorder.finished(n)
      unit.route.finished(n, { ok: true, value: undefined })
    }
  }

  /** A thread of the kernel is gone. Returns what it was handling: nothing, where another one serves. */
  detach(unit: Unit, thread: Thread | undefined, cause: ErrorRecord | undefined): Numbered[] {
    if (unit.route.isServedByOther(thread)) {
      this.#waits.finished(unit.id, 0)
      return []
    }
    this.#waits.forget(unit.id)
    const handling = unit.route.detach(cause)
    for (const { n } of handling) unit.recorder.began(n)
    return handling
  }

  deadLetter(letter: DeadLetter): void {
    const { clock, emit } = this.#ports
    const { kernel, from, method, kind, code, reason } = letter
    const args = serializeOrNothing(letter.args)
    this.#ports.addDeadLetter({ kernel, from, method, kind, code, reason, at: clock.now(), ...(args && { args }) })
    emit('message.deadLettered', kernel, { from, method, kind, code, reason })
  }

  /** Settles everything that still waits in the host. */
  close(error: () => LazaretError): void {
    this.#hostAsks.close(error)
    this.#kernelAskDeadlines.clear()
  }

  /** Messages by sender and target. */
  links(): TrafficLink[] {
    return this.#links.list()
  }

  /** Asks of the host that wait for a reply. */
  get pendingAsks(): number {
    return this.#hostAsks.size
  }
}

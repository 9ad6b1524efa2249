/**
 * Dead letters sent again, because a person has said so: each as it was, one after the other, the next when its kernel has
 * finished the one before, so that no mailbox runs over. A letter is marked in the journal before it is sent: a kill -9 in
 * between leaves one that was perhaps not handled, never one that is handled twice.
 *
 * Where a kernel does not serve itself, a letter goes where any message to it would go now (a standby, the fallback, the
 * kernel that it is rerouted to), as long as somebody answers there. A buffer answers nobody, so it is refused like
 * `reject`: the letter is better off where it is. It does not choose what is worth sending again.
 */
import type { Outcome } from '../actor/mailbox.ts'
import { describeRecord, type ErrorRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { redact, redactText } from '../base/redact.ts'
import type { DeadLetterRow } from '../journal/rows.ts'
import { readArgs } from './dead-letters.ts'
import type { House } from './house.ts'
import { type Chosen, choose, type ReplayOptions } from './replay-choice.ts'
import type { Unit } from './unit.ts'

/** What became of a replay. `asked` is `sent` and what was skipped. */
export interface DeadLettersReplayed {
  /** Letters that were looked at: those named, or the oldest that match, until enough of them were sent. */
  readonly asked: number
  /** Given to their kernels. */
  readonly sent: number
  /** Of those: not handled, or not within limits.askMs of their kernel. */
  readonly failed: number
  /** Not given to a kernel, and not marked: they may be sent again later. */
  readonly skipped: readonly { readonly reason: string; readonly ids: readonly number[] }[]
  /** Of those that failed, why. */
  readonly failures: readonly { readonly id: number; readonly outcome: string }[]
  /** Letters that match and were not looked at, because `max` were sent. */
  readonly left: number
  /** Letters that match and never can be sent: not kept whole, or to a kernel that the fleet does not have. */
  readonly unsendable: number
}

/** Its message never began to be handled. */
const neverBegun: ReadonlySet<string> = new Set(['MAILBOX_FULL', 'KERNEL_UNAVAILABLE', 'RUNTIME_STOPPED'])
const outcomeChars = 400

export class Replay {
  readonly #house: () => House
  #running: Promise<DeadLettersReplayed> | undefined

  /** @param house throws where the runtime takes no commands. */
  constructor(house: () => House) {
    this.#house = house
  }

  /** @throws LazaretError OPTION_INVALID, UNKNOWN_KERNEL; COMMAND_REFUSED where another one goes on, or nobody serves. */
  async run(options: ReplayOptions): Promise<DeadLettersReplayed> {
    const house = this.#house()
    if (this.#running !== undefined) {
      throw new LazaretError('COMMAND_REFUSED', 'Dead letters are being sent again already.', {
        hint: 'Wait for the end of that; the event deadLetters.replayed tells it.',
      })
    }
    const chosen = choose(house, options)
    mustBeServed(house, chosen.letters)
    this.#running = new Run(house, this.#house, chosen, options.kernel).run()
    try {
      return await this.#running
    } finally {
      this.#running = undefined
    }
  }

  /** Waits for the end of what goes on; a runtime that stops has ended it. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#running])
  }
}

/** Why no letter may be sent to a kernel now; undefined where somebody answers. */
function whyUnserved(unit: Unit): string | undefined {
  const { servedBy } = unit.route
  if (servedBy !== 'buffer' && servedBy !== 'reject' && servedBy !== 'nobody') return undefined
  return `${unit.id} is out of service (${unit.instance.state}), and nothing answers in its place`
}

/** Refused as a whole before anything is sent, where nothing could be. */
function mustBeServed({ units }: House, letters: readonly DeadLetterRow[]): void {
  const kernels = [...new Set(letters.map(({ kernel }) => kernel))]
  const reasons = kernels.map((kernel) => {
    const unit = units.get(kernel)
    return unit && whyUnserved(unit)
  })
  const [first] = kernels
  if (first === undefined || reasons.some((reason) => reason === undefined)) return
  throw new LazaretError('COMMAND_REFUSED', `${reasons.join('; ')}.`, {
    ...(kernels.length === 1 && { kernel: first }),
    hint: `Let it back into service first: lazaret rejoin ${first}`,
  })
}

/** One replay from its first letter to its last. */
class Run {
  readonly #house: House
  readonly #stillServing: () => House
  readonly #chosen: Chosen
  readonly #kernel: string | undefined
  readonly #skipped = new Map<string, number[]>()
  readonly #failures: { id: number; outcome: string }[] = []
  /** Kernels that get no more of them, and why. */
  readonly #stopped = new Map<string, string>()
  #sent = 0
  #saidAtMs: number

  constructor(house: House, stillServing: () => House, chosen: Chosen, kernel: string | undefined) {
    this.#house = house
    this.#stillServing = stillServing
    this.#chosen = chosen
    this.#kernel = kernel
    this.#saidAtMs = house.clock.monotonicMs()
    for (const { reason, id } of chosen.refused) this.#skip(id, reason)
  }

  async run(): Promise<DeadLettersReplayed> {
    const { letters, max, refused, matching, unsendable } = this.#chosen
    let looked = 0
    for (const letter of letters) {
      if (this.#sent >= max) break
      looked += 1
      const reason = (await this.#whyNot(letter)) ?? (await this.#replay(letter))
      if (reason !== undefined) this.#skip(letter.id, reason)
      this.#sayNow(this.#sent, Math.min(max, letters.length))
    }
    const skipped = [...this.#skipped].map(([reason, ids]) => ({ reason, ids }))
    const counts = { asked: looked + refused.length, sent: this.#sent, failed: this.#failures.length }
    this.#house.events.emit('deadLetters.replayed', this.#kernel, {
      ...counts,
      skipped: skipped.map(({ reason, ids }) => ({ reason, count: ids.length })),
    })
    return { ...counts, skipped, failures: this.#failures, left: matching - looked, unsendable }
  }

  #skip(id: number, reason: string): void {
    this.#skipped.set(reason, [...(this.#skipped.get(reason) ?? []), id])
  }

  #sayNow(done: number, of: number): void {
    const nowMs = this.#house.clock.monotonicMs()
    if (nowMs - this.#saidAtMs < limits.deadLetterReplaySayMs) return
    this.#saidAtMs = nowMs
    this.#house.events.emit('deadLetters.progressed', this.#kernel, { done, of, failed: this.#failures.length })
  }

  /** Why it is not even tried. */
  async #whyNot({ kernel }: DeadLetterRow): Promise<string | undefined> {
    const unit = this.#house.units.get(kernel)
    if (unit === undefined) return `the fleet has no kernel ${kernel}`
    const reason = this.#stopped.get(kernel) ?? whyUnserved(unit)
    if (reason !== undefined || (await this.#hasRoom(unit))) return reason
    const busy = `the mailbox of ${kernel} stays more than half full`
    this.#stopped.set(kernel, busy)
    return busy
  }

  /** Others go first: half of the mailbox is theirs. Nothing tells when it empties, so it is looked at now and then. */
  async #hasRoom({ route, spec }: Unit): Promise<boolean> {
    const { clock } = this.#house
    const until = clock.monotonicMs() + spec.limits.askMs
    while (route.mailbox.depth * 2 > spec.mailbox.max) {
      if (clock.monotonicMs() >= until) return false
      await new Promise<void>((resolve) => clock.setTimeout(resolve, limits.deadLetterReplayRoomMs))
    }
    return true
  }

  /** Returns why it was not given to its kernel after all. */
  async #replay(letter: DeadLetterRow): Promise<string | undefined> {
    const { id, kernel, kind, from, method } = letter
    const unit = this.#house.units.get(kernel)
    const read = readArgs(letter)
    if ('problem' in read) return read.problem
    if (unit === undefined || this.#hasEnded()) return 'the runtime stops'
    const refusal = unit.route.whyRefused({ method, args: read.args })
    if (refusal !== undefined) return `${refusal.code}: ${refusal.message}`
    const { clock, journal } = this.#house
    journal.markReplayed(id, 'sent', clock.now())
    const outcome = await this.#send(unit, id, { kind, from, method, args: read.args })
    if (outcome === undefined) {
      const late = `${kernel} has not finished letter ${id} within ${unit.spec.limits.askMs} ms`
      this.#stopped.set(kernel, `not sent, because ${late}`)
      this.#fail(id, `ASK_TIMEOUT: ${late}; it may still come to it`)
    } else if (!outcome.ok) {
      return this.#refused(letter, outcome.error)
    } else {
      this.#sent += 1
    }
    return undefined
  }

  #hasEnded(): boolean {
    try {
      this.#stillServing()
      return false
    } catch {
      // It refuses commands because it stops, which is all that was asked.
      return true
    }
  }

  #fail(id: number, outcome: string): void {
    this.#sent += 1
    this.#failures.push({ id, outcome })
  }

  #refused({ id, kernel }: DeadLetterRow, error: ErrorRecord): string | undefined {
    const said = failureText(error)
    if (neverBegun.has(error.code ?? '')) return said
    this.#fail(id, said)
    // What takes a kernel down once is not followed by a hundred more of its kind.
    if (error.code === 'KERNEL_DOWN' || error.code === 'MESSAGE_POISONED')
      this.#stopped.set(kernel, `not sent, because ${kernel} went down while it handled letter ${id}`)
    return undefined
  }

  /** Undefined where it has not ended within the kernel's own limit of an ask; its end is written down whenever it comes. */
  #send(
    unit: Unit,
    id: number,
    message: Pick<DeadLetterRow, 'kind' | 'from' | 'method'> & { args: unknown[] },
  ): Promise<Outcome | undefined> {
    const { clock } = this.#house
    const { askMs } = unit.spec.limits
    const { promise, resolve } = Promise.withResolvers<Outcome | undefined>()
    const timer = clock.setTimeout(() => resolve(undefined), askMs)
    const settle = (outcome: Outcome) => {
      this.#write(id, message.kind, outcome)
      resolve(outcome)
    }
    const deadlineAt = message.kind === 'ask' ? clock.monotonicMs() + askMs : 0
    unit.route.accept({ ...message, deadlineAt, idempotent: false, settle })
    return promise.finally(() => clock.clearTimeout(timer))
  }

  #write(id: number, kind: DeadLetterRow['kind'], outcome: Outcome): void {
    const { journal, clock } = this.#house
    // The last words of a runtime that has stopped: the letter stays marked as sent.
    if (!journal.isOpen) return
    if (outcome.ok) journal.markReplayed(id, kind === 'ask' ? replyText(outcome.value) : 'handled', clock.now())
    else {
      const isUntouched = neverBegun.has(outcome.error.code ?? '')
      journal.markReplayed(id, failureText(outcome.error), isUntouched ? undefined : clock.now())
    }
  }
}

function failureText(error: ErrorRecord): string {
  const text = redactText(describeRecord({ name: error.code ?? error.name, message: error.message }))
  return text.slice(0, outcomeChars).toWellFormed()
}

function replyText(value: unknown): string {
  return `replied: ${JSON.stringify(redact(value)) ?? 'undefined'}`.slice(0, outcomeChars).toWellFormed()
}

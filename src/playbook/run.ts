/**
 * Carries out the live steps of a remedy, one after the other: precondition, the step itself, its timeout, and what is
 * told of it; when one fails, those before it are taken back in reverse. Pure sequencing: what a step does to a kernel,
 * and what undoes it, is handed in by the supervisor, and so is time.
 */
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { isLive, type LiveStep, type Precondition, type RemedyStep, type StepTerms } from '../base/remedy.ts'

export type Live = LiveStep & StepTerms

export interface StepPorts {
  readonly clock: Pick<Clock, 'setTimeout' | 'clearTimeout' | 'monotonicMs'>
  holds(condition: Precondition): boolean
  /**
   * Resolves with what it came to, in a few words; rejects where the step failed. `wait` and `restart` never come here.
   * @param signal aborted when the step's time is over.
   */
  carryOut(step: Live, signal: AbortSignal): Promise<string>
  /** Takes back a step that was carried out. Undefined where there is nothing to take back. */
  undo(step: Live, signal: AbortSignal): Promise<string | undefined>
  told(report: StepReport): void
}

export type StepOutcome = 'done' | 'left out' | 'failed' | 'undone' | 'not undone'

export interface StepReport {
  /** 1 is the first of `of`. */
  readonly n: number
  readonly of: number
  readonly do: RemedyStep['do']
  readonly outcome: StepOutcome
  /** What it came to, or why it failed. */
  readonly text: string
  readonly tookMs: number
}

/** Where the kernel is started: in front of this come the steps out of service, after it those in service. */
export function restartAt(steps: readonly RemedyStep[]): number {
  const index = steps.findIndex((step) => step.do === 'restart')
  return index === -1 ? steps.length : index
}

/** One application of one remedy. */
export class StepRun {
  readonly #steps: readonly RemedyStep[]
  readonly #ports: StepPorts
  /** Carried out and not taken back, in their order. */
  readonly #done: { readonly step: Live; readonly n: number }[] = []

  constructor(steps: readonly RemedyStep[], ports: StepPorts) {
    this.#steps = steps
    this.#ports = ports
  }

  /**
   * The live steps from `from` up to `to` (indices, the latter not included).
   * @returns why it ended early: the failure of a step, or of a signal that was aborted; undefined where all are done.
   * Nothing is taken back here.
   */
  async run(from: number, to: number, signal: AbortSignal): Promise<LazaretError | undefined> {
    for (const [index, step] of this.#steps.entries()) {
      if (index < from || index >= to || !isLive(step) || step.do === 'restart') continue
      const failed = await this.#step(step, index + 1, signal)
      if (failed !== undefined) return failed
    }
    return undefined
  }

  /** What the steps have done is taken back, the last one first. A step that cannot be is told, and the others go on. */
  async undo(): Promise<void> {
    for (let last = this.#done.pop(); last !== undefined; last = this.#done.pop()) {
      const { step, n } = last
      const startedAt = this.#ports.clock.monotonicMs()
      try {
        const text = await this.#timed(step, (own) => this.#ports.undo(step, own))
        if (text !== undefined) this.#tell(step, n, 'undone', text, startedAt)
      } catch (thrown) {
        this.#tell(step, n, 'not undone', toRecord(thrown).message, startedAt)
      }
    }
  }

  async #step(step: Live, n: number, signal: AbortSignal): Promise<LazaretError | undefined> {
    const startedAt = this.#ports.clock.monotonicMs()
    if (step.onlyIf !== undefined && !this.#ports.holds(step.onlyIf)) {
      this.#tell(step, n, 'left out', 'its precondition does not hold', startedAt)
      return undefined
    }
    try {
      const text = await this.#timed(step, (own) => this.#carryOut(step, own), signal)
      this.#done.push({ step, n })
      this.#tell(step, n, 'done', text, startedAt)
      return undefined
    } catch (thrown) {
      const why = toRecord(thrown).message
      // Whatever it did until its time was over may be there: it is taken back with the others.
      this.#done.push({ step, n })
      this.#tell(step, n, 'failed', why, startedAt)
      const text = `Step ${n} of ${this.#steps.length}, ${step.do}, failed: ${why}`
      return new LazaretError('COMMAND_REFUSED', text, { details: { step: n, do: step.do }, cause: thrown })
    }
  }

  #carryOut(step: Live, signal: AbortSignal): Promise<string> {
    return step.do === 'wait' ? this.#wait(step.ms, signal) : this.#ports.carryOut(step, signal)
  }

  #wait(ms: number, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const timer = this.#ports.clock.setTimeout(() => resolve(`${ms} ms`), ms)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    return promise.finally(() => this.#ports.clock.clearTimeout(timer))
  }

  /** Within the step's time; a promise that comes later is nobody's any more. */
  async #timed<T>(step: Live, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const { clock } = this.#ports
    const own = new AbortController()
    const ms = step.do === 'wait' ? limits.playbookWaitMs : (step.timeoutMs ?? limits.playbookStepMs)
    const { promise, reject } = Promise.withResolvers<never>()
    const end = (reason: unknown) => {
      own.abort(reason)
      reject(reason)
    }
    const timer = clock.setTimeout(
      () => end(new LazaretError('ASK_TIMEOUT', `it was not done within ${ms} ms`, { details: { timeoutMs: ms } })),
      // A wait has its own end, and this must not come in front of it.
      step.do === 'wait' ? ms + 1 : ms,
    )
    const onAbort = () => end(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([work(own.signal), promise])
    } finally {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #tell(step: Live, n: number, outcome: StepOutcome, text: string, startedAt: number): void {
    const tookMs = Math.round(this.#ports.clock.monotonicMs() - startedAt)
    this.#ports.told({ n, of: this.#steps.length, do: step.do, outcome, text, tookMs })
  }
}

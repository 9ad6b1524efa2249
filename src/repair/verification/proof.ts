/**
 * Red before, green after. A remedy is believed when the recorded messages fail in the sandbox as they failed in service,
 * do not fail with the remedy's steps applied, and the kernel's own check holds. The first line that does not hold ends
 * the proof. What runs the trials is handed in; nothing is applied here.
 */
import { fileURLToPath } from 'node:url'
import { describeRecord } from '../../base/error-record.ts'
import { LazaretError } from '../../base/errors.ts'
import type { Evidence, ProofLine, Remedy, Verdict } from '../../base/remedy.ts'
import { type Applied, isParked, nothingApplied } from '../apply.ts'
import { checkPatch } from '../patch.ts'
import { type IsolatedResult, isolationHere, type RunTrial } from '../trial.ts'
import { Trials, type TrialsInput } from './trials.ts'

export interface ProofInput extends TrialsInput {
  readonly remedy: Remedy
  /** One object for all proofs of an incident: the failing run is the same for each, so it is made once. */
  readonly memo: ProofMemo
}

export interface ProofMemo {
  red?: IsolatedResult
}

/**
 * @throws LazaretError SANDBOX_FAILED where a trial could not be made, the signal's reason where it was aborted. Whatever
 * speaks against the remedy is in the verdict.
 */
export async function prove(input: ProofInput, run: RunTrial): Promise<Verdict> {
  const startedAt = performance.now()
  const proof = new Proof(input, run)
  const refusal = await proof.run()
  return {
    passed: refusal === undefined,
    lines: proof.lines,
    isolation: proof.isolation,
    durationMs: performance.now() - startedAt,
    ...(refusal === undefined ? {} : { refusal }),
  }
}

interface Judged {
  readonly passed: boolean
  readonly detail: string
}

class Proof {
  readonly lines: ProofLine[] = []
  isolation = isolationHere()
  readonly #input: ProofInput
  readonly #trials: Trials
  #applied: Applied = nothingApplied
  readonly #begun: { green?: Promise<IsolatedResult>; check?: Promise<IsolatedResult | undefined> } = {}

  constructor(input: ProofInput, run: RunTrial) {
    this.#input = input
    this.#trials = new Trials(input, run)
  }

  /** Why it is refused; undefined where every line holds. */
  async run(): Promise<string | undefined> {
    const steps: [ProofLine['name'], () => Judged | Promise<Judged>][] = [
      ['protected', () => this.#protected()],
      ['red before', () => this.#red()],
      ['green after', () => this.#green()],
      ['check', () => this.#check()],
    ]
    try {
      for (const [name, judge] of steps) {
        const startedAt = performance.now()
        const { passed, detail } = await judge()
        this.lines.push({ name, passed, detail, durationMs: performance.now() - startedAt })
        if (!passed) return `${name}: ${detail}`
        if (name === 'protected') this.#beginEarly()
      }
      return undefined
    } finally {
      // Whoever asked removes the workspace next.
      await Promise.allSettled(Object.values(this.#begun))
    }
  }

  /** What a playbook proposes has held before and most often holds again: its trials need not wait for one another. */
  #beginEarly(): void {
    if (this.#input.remedy.playbook === undefined) return
    this.#begun.green = this.#trials.green(this.#applied)
    this.#begun.check = this.#trials.check(this.#applied)
    // Their failures are heard where they are judged, if it comes to that.
    for (const trial of [this.#begun.green, this.#begun.check]) trial.catch(() => undefined)
  }

  async #protected(): Promise<Judged> {
    const { remedy, goldenState } = this.#input
    const { changed } = await this.#trials.sources()
    const { kernelFolderUrl } = this.#trials
    if (changed.length > 0) {
      return {
        passed: false,
        detail: `${changed.join(', ')} changed since the crash, so the crash is not this code's.`,
      }
    }
    try {
      for (const step of remedy.steps) {
        if (step.do === 'apply_patch') checkPatch(step, fileURLToPath(kernelFolderUrl))
      }
      this.#applied = await this.#trials.applied(remedy.steps)
    } catch (thrown) {
      if (!(thrown instanceof LazaretError)) throw thrown
      return { passed: false, detail: thrown.message }
    }
    if (this.#applied.stateFromGolden && goldenState === undefined) {
      return { passed: false, detail: 'The state of the golden snapshot cannot be read.' }
    }
    const patches = remedy.steps.filter((step) => step.do === 'apply_patch').length
    const isWhole = remedy.steps.some((step) => step.do === 'restore_code')
    const what = isWhole
      ? "The kernel's files as they were when it was last steady"
      : patches === 0
        ? 'No source file is changed'
        : `${patches} patch${patches === 1 ? '' : 'es'}, in files a repair may change`
    return { passed: true, detail: `${what}.` }
  }

  async #red(): Promise<Judged> {
    const { evidence, memo, workspace } = this.#input
    memo.red ??= await this.#trials.red()
    const result = memo.red
    this.isolation = result.isolation
    const caged = cagedDetail(result)
    if (isSameFailure(evidence, result)) {
      return { passed: true, detail: `As in service: ${describeResult(result)}.` }
    }
    if (caged !== undefined) return { passed: false, detail: caged }
    const data = workspace.dataLeftOut === undefined ? '' : ` The kernel's data was left out: ${workspace.dataLeftOut}.`
    const expected = describeRecord(evidence.error)
    return {
      passed: false,
      detail: `Not reproduced in the sandbox: expected ${expected}, got ${describeResult(result)}.${data}`,
    }
  }

  async #green(): Promise<Judged> {
    const { evidence } = this.#input
    const result = await (this.#begun.green ?? this.#trials.green(this.#applied))
    const caged = cagedDetail(result)
    if (caged !== undefined) return { passed: false, detail: caged }
    if (result.outcome !== 'passed') return { passed: false, detail: `It still fails: ${describeResult(result)}.` }
    const left = evidence.messages.filter((message) => isParked(message, this.#applied)).length
    const replayed = `${evidence.messages.length - left} recorded messages were handled`
    return { passed: true, detail: left === 0 ? `${replayed}.` : `${replayed}, ${left} parked.` }
  }

  async #check(): Promise<Judged> {
    const result = await (this.#begun.check ?? this.#trials.check(this.#applied))
    if (result === undefined) return { passed: true, detail: 'There is no check.ts, so nothing more was asked of it.' }
    const caged = cagedDetail(result)
    if (caged !== undefined) return { passed: false, detail: caged }
    if (result.outcome !== 'passed')
      return { passed: false, detail: `The check does not hold: ${describeResult(result)}.` }
    return { passed: true, detail: 'The check holds on a fresh instance.' }
  }
}

const hangCodes: ReadonlySet<string> = new Set(['KERNEL_HUNG', 'KERNEL_START_TIMEOUT'])
const exitCodes: ReadonlySet<string> = new Set(['KERNEL_EXITED', 'KERNEL_PORT_CLOSED'])
const memoryCodes: ReadonlySet<string> = new Set(['KERNEL_OUT_OF_MEMORY', 'ERR_WORKER_OUT_OF_MEMORY'])

/** A failure of the same kind: the same error by name and code, or the same way of ending. */
export function isSameFailure(
  evidence: Pick<Evidence, 'error'>,
  result: Pick<IsolatedResult, 'outcome' | 'error'>,
): boolean {
  const { name, code } = evidence.error
  if (code !== undefined && hangCodes.has(code)) return result.outcome === 'hung'
  if (code !== undefined && memoryCodes.has(code)) return memoryCodes.has(result.error?.code ?? '')
  if (code !== undefined && exitCodes.has(code))
    return result.outcome === 'exited' && result.error?.code === 'KERNEL_EXITED'
  return result.outcome === 'failed' && result.error?.name === name && result.error.code === code
}

function cagedDetail(result: IsolatedResult): string | undefined {
  if (result.refused === undefined) return undefined
  return `${result.refused}: the kernel needs ${result.needed ?? 'what the sandbox does not give'}, so a person has to look.`
}

function describeResult(result: IsolatedResult): string {
  if (result.outcome === 'passed') return 'no failure'
  const where = result.at === undefined || result.phase === 'check' ? '' : ` at message ${result.at}`
  const what = result.error === undefined ? result.outcome : describeRecord(result.error)
  return `${what} (${result.outcome} in phase ${result.phase}${where})`
}

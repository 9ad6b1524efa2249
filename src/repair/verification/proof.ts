/**
 * Whether a remedy is believed. The recorded messages fail in the sandbox as they failed in service, do not with the remedy's
 * steps applied, and do again when those are taken away; the kernel's own check holds; what it answered before it still
 * answers; a message like the failing one does not fail either. The first line that does not hold ends the proof.
 *
 * Lines are judged by cheapness and written down in the order of proofLineNames: what was not needed to refuse a candidate
 * is not among them. What runs without the patch is made once an incident. What runs the trials is handed in; nothing is
 * applied here.
 */
import { describeRecord } from '../../base/error-record.ts'
import { type HoldOut, type ProofLine, proofLineNames, type Remedy, type Verdict } from '../../base/remedy.ts'
import { isParked } from '../apply.ts'
import type { PatchStep } from '../patch.ts'
import { type IsolatedResult, isolationHere, type RunTrial } from '../trial.ts'
import { cagedDetail, describeResult, hasPlace, isSameFailure } from './failure.ts'
import { type Comparison, judgeHoldOut } from './hold-out.ts'
import { fell, held, type Judged } from './judged.ts'
import { judgeNearMisses } from './near-misses.ts'
import { healthyRefused } from './parked-healthy.ts'
import { judgeProtected } from './protected.ts'
import { type ProofMemo, Runs } from './runs.ts'
import { type ChangedFile, judgeSize } from './size.ts'
import { Trials, type TrialsInput } from './trials.ts'
import { judgeTypes } from './types.ts'

export { isSameFailure } from './failure.ts'
export type { ProofMemo } from './runs.ts'

export interface ProofInput extends TrialsInput {
  readonly remedy: Remedy
  /** One object for all proofs of an incident: what runs without the patch is the same for each, so it is run once. */
  readonly memo: ProofMemo
  /** Where Node keeps compiled code; absent: nowhere. */
  readonly compiledDir?: string | undefined
}

/**
 * @throws LazaretError SANDBOX_FAILED where a trial could not be made, the signal's reason where it was aborted. Whatever
 * speaks against the remedy is in the verdict.
 */
export async function prove(input: ProofInput, run: RunTrial): Promise<Verdict> {
  const startedAt = performance.now()
  const proof = new Proof(input, run)
  const refusal = await proof.run()
  const order = (line: ProofLine) => proofLineNames.indexOf(line.name)
  return {
    passed: refusal === undefined,
    lines: proof.lines.toSorted((a, b) => order(a) - order(b)),
    isolation: proof.isolation,
    durationMs: performance.now() - startedAt,
    ...(refusal === undefined ? {} : { refusal }),
  }
}

class Proof {
  readonly lines: ProofLine[] = []
  isolation = isolationHere()
  readonly #input: ProofInput
  readonly #trials: Trials
  readonly #runs: Runs
  #changes: readonly ChangedFile[] = []
  readonly #over = new AbortController()

  constructor(input: ProofInput, run: RunTrial) {
    this.#input = input
    this.#trials = new Trials(input, run)
    this.#runs = new Runs(input, this.#trials)
  }

  /** Why it is refused; undefined where every line holds. */
  async run(): Promise<string | undefined> {
    const steps: [ProofLine['name'], () => Judged | Promise<Judged>][] = [
      ['protected', () => this.#protected()],
      ['size', () => this.#size()],
      ['red before', () => this.#redBefore()],
      ['boots', () => this.#boots()],
      ['green after', () => this.#greenAfter()],
      ['check', () => this.#checkHolds()],
      ['types', () => this.#types()],
      ['hold-out', () => this.#holdOut()],
      ['mutation', () => this.#mutation()],
      ['red again', () => this.#redAgain()],
    ]
    try {
      for (const [name, judge] of steps) {
        const startedAt = performance.now()
        const { passed, detail } = await judge()
        this.lines.push({ name, passed, detail, durationMs: performance.now() - startedAt })
        if (!passed) return `${name}: ${detail}`
        this.#beginAfter(name)
      }
      return undefined
    } finally {
      // Whoever asked removes the workspace next.
      this.#over.abort()
      await this.#runs.ended()
    }
  }

  /** What comes next side by side. Without the patch nothing is run in vain: the next candidate needs it too. */
  #beginAfter(name: ProofLine['name']): void {
    if (name === 'size') {
      for (const begin of [() => this.#runs.red(), () => this.#types()]) void begin()
      // What a playbook proposes has held before and most often holds again: its trials need not wait for one another.
      if (this.#isPlaybook) for (const begin of [() => this.#runs.green(), () => this.#runs.check()]) void begin()
      if (this.#isPlaybook) this.#beginLast()
    }
    if (name === 'green after') {
      void this.#runs.check()
      if (this.#whyNoMutation === undefined) void this.#nearMisses()
    }
    if (name === 'check') this.#beginLast()
  }

  #beginLast(): void {
    const { holdOut } = this.#input.evidence
    void this.#runs.redOnceMore()
    if (this.#changesCode && holdOut !== undefined) void this.#runs.patchedTraffic(holdOut)
    void this.#mutation()
  }

  get #isPlaybook(): boolean {
    return this.#input.remedy.playbook !== undefined
  }

  get #changesCode(): boolean {
    return this.#changes.length > 0
  }

  async #protected(): Promise<Judged> {
    const { remedy, goldenState } = this.#input
    const found = await judgeProtected(this.#trials, remedy, this.#patches, goldenState !== undefined)
    this.#runs.applied = found.applied ?? this.#runs.applied
    this.#changes = found.files
    return found.judged
  }

  get #patches(): PatchStep[] {
    return this.#input.remedy.steps.filter((step) => step.do === 'apply_patch')
  }

  #size(): Judged {
    return judgeSize(this.#patches, this.#changes)
  }

  #types(): Promise<Judged> {
    const { signal, compiledDir } = this.#input
    return this.#runs.once('types', async () => {
      const { sources } = await this.#trials.sources()
      const question = {
        kernelFolderUrl: this.#trials.kernelFolderUrl,
        sources,
        files: this.#changes,
        isPlaybook: this.#isPlaybook,
      }
      return judgeTypes(question, { signal: AbortSignal.any([signal, this.#over.signal]), compiledDir })
    })
  }

  async #redBefore(): Promise<Judged> {
    const { evidence, workspace } = this.#input
    const result = await this.#runs.red()
    this.isolation = result.isolation
    if (isSameFailure(evidence, result)) return held(`As in service: ${describeResult(result)}.`)
    const caged = cagedDetail(result)
    if (caged !== undefined) return fell(caged)
    const data = workspace.dataLeftOut === undefined ? '' : ` The kernel's data was left out: ${workspace.dataLeftOut}.`
    const expected = describeRecord(evidence.error)
    return fell(`Not reproduced in the sandbox: expected ${expected}, got ${describeResult(result)}.${data}`)
  }

  async #boots(): Promise<Judged> {
    const result = await this.#runs.green()
    const { outcome, phase } = result
    if (outcome === 'passed' || (phase !== 'import' && phase !== 'start')) return held('It imports and starts.')
    return fell(cagedDetail(result) ?? `It does not ${phase}: ${describeResult(result)}.`)
  }

  async #greenAfter(): Promise<Judged> {
    const { messages } = this.#input.evidence
    const result = await this.#runs.green()
    const caged = cagedDetail(result)
    if (caged !== undefined) return fell(caged)
    if (result.outcome !== 'passed') return fell(`It still fails: ${describeResult(result)}.`)
    const handled = this.#notParked.length
    const replayed = `${handled} recorded messages were handled`
    return held(handled === messages.length ? `${replayed}.` : `${replayed}, ${messages.length - handled} parked.`)
  }

  /** Indices of the recorded messages that the remedy leaves to be handled. */
  get #notParked(): number[] {
    const { applied } = this.#runs
    return this.#input.evidence.messages.flatMap((message, index) => (isParked(message, applied) ? [] : [index]))
  }

  async #checkHolds(): Promise<Judged> {
    const result = await this.#runs.check()
    if (result === undefined) return held('There is no check.ts, so nothing more was asked of it.')
    const caged = cagedDetail(result)
    if (caged !== undefined) return fell(caged)
    if (result.outcome !== 'passed') return fell(`The check does not hold: ${describeResult(result)}.`)
    return held('The check holds on a fresh instance.')
  }

  async #holdOut(): Promise<Judged> {
    const givenUp = healthyRefused(this.#runs.applied, this.#input.evidence)
    if (givenUp !== undefined) return fell(givenUp)
    if (!this.#changesCode) return held('No code is changed, so no reply of it can be another.')
    const { holdOut, messages } = this.#input.evidence
    const comparisons: Comparison[] = []
    const ofReplay = await this.#replayComparison()
    if (ofReplay !== undefined && ofReplay.messages.length > 0) comparisons.push(ofReplay)
    if (holdOut !== undefined) comparisons.push(await this.#trafficComparison(holdOut))
    const none = messages.length === 0 ? 'no message was recorded' : 'no message was handled before the failing one'
    return judgeHoldOut(
      comparisons,
      `no healthy traffic was kept, and ${ofReplay === undefined ? 'state or configuration is another' : none}`,
    )
  }

  /** The recorded messages before the failing one. On another state or configuration the replies are others by right. */
  async #replayComparison(): Promise<Comparison | undefined> {
    if (this.#runs.applied.stateFromGolden || this.#runs.applied.config !== undefined) return undefined
    const { messages } = this.#input.evidence
    const [red, patched] = await Promise.all([this.#runs.red(), this.#runs.green()])
    const end = red.phase === 'message' ? (red.at ?? 0) : (red.at ?? -1) + 1
    const indices = this.#notParked.filter((index) => index < end)
    const only = (result: IsolatedResult): IsolatedResult => ({
      ...result,
      answers: indices.flatMap((index) => result.answers?.[index] ?? []),
    })
    const golden = async () => {
      const result = await this.#runs.goldenReplay(messages.slice(0, end))
      return result && only(result)
    }
    const before = indices.flatMap((index) => messages[index] ?? [])
    const isIncident = (result: IsolatedResult) => isSameFailure(this.#input.evidence, result)
    return {
      of: 'messages before the failing one',
      messages: before,
      byGolden: false,
      unpatched: async () => only(red),
      patched,
      golden,
      isIncident,
    }
  }

  async #trafficComparison(holdOut: HoldOut): Promise<Comparison> {
    const patched = await this.#runs.patchedTraffic(holdOut)
    const unpatched = () => this.#runs.traffic(holdOut)
    const golden = () => this.#runs.goldenTraffic(holdOut)
    const isIncident = (result: IsolatedResult) => isSameFailure(this.#input.evidence, result)
    return { of: 'healthy traffic', messages: holdOut.messages, byGolden: true, unpatched, patched, golden, isIncident }
  }

  get #whyNoMutation(): string | undefined {
    const { evidence } = this.#input
    if (evidence.phase !== 'message') return 'It did not fail at a message, so there is none to vary.'
    if (this.#notParked.length < evidence.messages.length) {
      return 'Messages are parked and nothing else: all others are handled as before.'
    }
    // Each run of a hang is as long as the longest wait.
    if (this.#isPlaybook && !hasPlace(evidence)) return 'Near misses of a hang were tried when the playbook was learnt.'
    return undefined
  }

  /** Of what a playbook proposes one is enough: the others were tried when it was learnt. */
  #nearMisses() {
    return this.#isPlaybook ? this.#runs.nearMiss() : this.#runs.nearMisses()
  }

  #mutation(): Promise<Judged> {
    const why = this.#whyNoMutation
    if (why !== undefined) return Promise.resolve(held(why))
    return this.#runs.once('mutation', async () =>
      judgeNearMisses(this.#trials, this.#runs.applied, await this.#nearMisses()),
    )
  }

  async #redAgain(): Promise<Judged> {
    const result = await this.#runs.redOnceMore()
    if (isSameFailure(this.#input.evidence, result)) {
      return held(`With the remedy taken away it fails again: ${describeResult(result)}.`)
    }
    return fell(
      `With the remedy taken away it does not fail again (${describeResult(result)}), so the first failure may have been chance.`,
    )
  }
}

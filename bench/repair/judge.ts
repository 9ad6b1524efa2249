/**
 * Whether a remedy that passed its proof is right: the hidden check of the case, on what the remedy leaves. The check is
 * written beside the kernel only when every agent has had its turn.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import type { Remedy } from '../../src/base/remedy.ts'
import { type Applied, applySteps, isParked } from '../../src/repair/apply.ts'
import { type FoundSources, readSources } from '../../src/repair/sources.ts'
import { defaultBounds, type IsolatedResult, type RunTrial, type TrialJob } from '../../src/repair/trial.ts'
import { type BugCall, type BugCase, recordedCall } from '../../test/repair/bugs/cases.ts'
import { shown } from '../../test/repair/bugs/runs.ts'
import type { Illness } from './illness.ts'

/**
 * `spared`: no more than the failing message is given up, and the kernel serves everything else as before, but its
 * defect stays, and a person has to mend it. Never counted as repaired.
 */
export type Judgement =
  | { readonly outcome: 'repaired' | 'spared' }
  | { readonly outcome: 'wrong'; readonly why: string }

/** Late throws of a failure that happens while idle; the timers of the cases are 50 ms at most. */
const idleSettleMs = 400

/** Whether it gives up messages, and mends nothing. */
export function onlyParks({ steps }: Remedy): boolean {
  return steps.every((step) => step.do.startsWith('park_'))
}

export class Judge {
  readonly #bug: BugCase
  readonly #illness: Illness
  readonly #run: RunTrial
  readonly #folder: string
  #trials = 0

  /** @param folder for the trials, of this case alone. */
  constructor(bug: BugCase, illness: Illness, { folder, run }: { folder: string; run: RunTrial }) {
    this.#bug = bug
    this.#illness = illness
    this.#folder = folder
    this.#run = run
  }

  async judge(remedy: Remedy): Promise<Judgement> {
    const { evidence, golden, spec } = this.#illness
    const kernelFolderUrl = new URL('./', spec.entryUrl).href
    const sources = await readSources(evidence, golden, {})
    const applied = applySteps(remedy.steps, { ...sources, golden, kernelFolderUrl })
    const parks = applied.parked.length > 0 || applied.patterns.length > 0
    if (parks) {
      const harm = await this.#harmOfParking(applied, sources)
      if (harm !== undefined) return { outcome: 'wrong', why: harm }
    }
    const hidden = await this.#hidden(applied, sources)
    if (hidden.outcome === 'passed') return { outcome: 'repaired' }
    if (onlyParks(remedy) && this.#bug.mends !== 'parked') return { outcome: 'spared' }
    return { outcome: 'wrong', why: `hidden check: ${shown(hidden)}` }
  }

  /** A message that is healthy may not be parked, and without the parked ones nothing may fail. */
  async #harmOfParking(applied: Applied, sources: FoundSources): Promise<string | undefined> {
    const { traffic, failing, fails } = this.#bug
    // Where it failed later, any message may be the one to blame.
    const healthy = [...traffic, ...(fails.phase === 'message' ? failing.slice(0, -1) : [])]
    const given = healthy.find((call) => this.#isGivenUp(call, applied))
    if (given !== undefined) return `a healthy call of ${given.method} is parked as well`
    const left = failing.filter((call) => !this.#isGivenUp(call, applied)).map(recordedCall)
    const result = await this.#trial(applied, sources, { mode: 'replay', messages: left })
    return result.outcome === 'passed' ? undefined : `without the parked message: ${shown(result)}`
  }

  /** By what was recorded in service: a list that is serialised here need not have the same bytes. */
  #isGivenUp(call: BugCall, applied: Applied): boolean {
    const { messages } = this.#illness.evidence
    const isThis = ({ method, args }: { method: string; args: Uint8Array }) =>
      method === call.method && isDeepStrictEqual(deserialize(args), call.args)
    return (
      isParked(recordedCall(call), applied) || messages.some((message) => isThis(message) && isParked(message, applied))
    )
  }

  async #hidden(applied: Applied, sources: FoundSources): Promise<IsolatedResult> {
    const path = join(fileURLToPath(new URL('./', this.#illness.spec.entryUrl)), 'hidden.ts')
    writeFileSync(path, this.#bug.hidden)
    return this.#trial(applied, sources, { mode: 'check', checkUrl: pathToFileURL(path).href })
  }

  async #trial(applied: Applied, sources: FoundSources, asked: Partial<TrialJob>): Promise<IsolatedResult> {
    const { evidence, goldenState, spec } = this.#illness
    const { hiddenOn, fails } = this.#bug
    const left = applied.stateFromGolden ? goldenState : evidence.state
    const isCheck = asked.mode === 'check'
    const state = isCheck && hiddenOn.state !== undefined ? serialize(hiddenOn.state.value) : left
    const config = applied.config ?? evidence.config
    this.#trials += 1
    const folder = join(this.#folder, String(this.#trials))
    mkdirSync(join(folder, 'data'), { recursive: true })
    mkdirSync(join(folder, 'out'))
    const job: TrialJob = {
      ...{ mode: 'replay', kernel: evidence.kernel, entryUrl: spec.entryUrl, crashOn: spec.crashOn, folder },
      ...{ overlay: applied.overlay, config: isCheck ? { ...(hiddenOn.config ?? config) } : config },
      ...(state === undefined ? {} : { state }),
      ...{ messages: [], replies: isCheck ? [] : evidence.replies, files: Object.keys(sources.sources) },
      bounds: { ...defaultBounds, ...(fails.phase === 'idle' ? { settleMs: idleSettleMs } : {}) },
      ...asked,
    }
    return this.#run(job, new AbortController().signal)
  }
}

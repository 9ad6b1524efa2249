/**
 * The sandbox runs of one proof, each begun once, by whoever needs it first; those without the patch once an incident. All
 * of them have ended when the proof is over. What they mean is for the lines to say.
 */
import { limits } from '../../base/limits.ts'
import type { HoldOut, RecordedMessage } from '../../base/remedy.ts'
import type { Applied } from '../apply.ts'
import type { IsolatedResult } from '../trial.ts'
import { hasPlace } from './failure.ts'
import { findNearMisses, type NearMisses } from './near-misses.ts'
import type { Trials, TrialsInput } from './trials.ts'

export interface ProofMemo {
  red?: Promise<IsolatedResult>
  /** Evidence.holdOut, as the unpatched code handles it, and as golden's does. */
  traffic?: Promise<IsolatedResult>
  goldenTraffic?: Promise<IsolatedResult | undefined>
  /** The recorded messages before the failing one, as golden's code handles them. */
  goldenReplay?: Promise<IsolatedResult | undefined>
  nearMisses?: Promise<NearMisses>
}

export class Runs {
  applied: Applied = { overlay: {}, stateFromGolden: false, parked: [] }
  readonly #input: TrialsInput & { readonly memo: ProofMemo }
  readonly #trials: Trials
  readonly #begun = new Map<string, Promise<unknown>>()

  constructor(input: TrialsInput & { readonly memo: ProofMemo }, trials: Trials) {
    this.#input = input
    this.#trials = trials
  }

  async ended(): Promise<void> {
    await Promise.allSettled(this.#begun.values())
  }

  /** Begins it, or gives what was begun. Its failure is heard where it is judged, if it comes to that. */
  once<T>(what: string, begin: () => Promise<T>): Promise<T> {
    const known = this.#begun.get(what) as Promise<T> | undefined
    const begun = known ?? begin()
    if (known === undefined) begun.catch(() => undefined)
    this.#begun.set(what, begun)
    return begun
  }

  /** The same for all proofs of the incident; one that could not be made is made anew for the next. */
  #ofIncident<K extends keyof ProofMemo>(key: K, begin: () => NonNullable<ProofMemo[K]>): NonNullable<ProofMemo[K]> {
    const { memo } = this.#input
    const begun = memo[key] ?? begin()
    memo[key] = begun
    begun.catch(() => {
      if (memo[key] === begun) delete memo[key]
    })
    this.#begun.set(`incident ${key}`, begun)
    return begun
  }

  red() {
    return this.#ofIncident('red', () => this.#trials.red())
  }

  redOnceMore() {
    return this.once('red once more', () => this.#trials.red())
  }

  green() {
    return this.once('green', () => this.#trials.green(this.applied))
  }

  check() {
    return this.once('check', () => this.#trials.check(this.applied))
  }

  traffic(holdOut: HoldOut) {
    const begin = async () => this.#trials.traffic(holdOut, (await this.#trials.versions()).ran)
    return this.#ofIncident('traffic', begin)
  }

  patchedTraffic(holdOut: HoldOut) {
    return this.once('patched traffic', () => this.#trials.traffic(holdOut, this.applied.overlay))
  }

  /** Undefined where golden's code is what ran. */
  goldenTraffic(holdOut: HoldOut) {
    return this.#ofIncident('goldenTraffic', async () => {
      const { golden: overlay } = await this.#trials.versions()
      return overlay && this.#trials.traffic(holdOut, overlay)
    })
  }

  /** @param messages those before the failing one. */
  goldenReplay(messages: readonly RecordedMessage[]) {
    return this.#ofIncident('goldenReplay', async () => {
      const { golden: overlay } = await this.#trials.versions()
      return overlay && this.#trials.other({ overlay, messages })
    })
  }

  /** A failure that is waited for each time (a hang) is varied once. */
  nearMisses() {
    const { evidence } = this.#input
    const count = hasPlace(evidence) ? limits.proofMutations : 1
    return this.#ofIncident('nearMisses', async () => findNearMisses(this.#trials, evidence, await this.red(), count))
  }
}

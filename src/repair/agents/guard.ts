/**
 * Proposes to refuse messages for good, where a message is what crashes the kernel: it mends nothing, so it comes after
 * those that do. A message that alone reproduces the crash, in a healthy state, is poison. What of its arguments the crash
 * needs is found by replacing them with those of healthy messages, so that others like it are refused before they crash
 * the kernel too; the exact message is proposed after the pattern. The proof decides whether either holds.
 *
 * A method of which no message was answered well is broken, and no message of it is poison: that is left to an agent
 * that writes code, where one comes next. Where none does, the message is given up all the same: the kernel comes back.
 *
 * A message that is in hand at two crashes is parked by the supervisor without a repair. This is for what that cannot
 * see: a budget too small for a second crash, and a message that crashes the kernel later, in a timer it has set.
 */
import { deserialize, serialize } from 'node:v8'
import { sha256 } from '../../base/hash.ts'
import { limits } from '../../base/limits.ts'
import { describePattern, type MessagePattern } from '../../base/message-pattern.ts'
import type { FailurePhase, RecordedMessage, Remedy } from '../../base/remedy.ts'
import { ddmin } from '../ddmin.ts'
import type { IsolatedResult } from '../trial.ts'
import { crashSite, hasPlace, isSameFailure } from '../verification/failure.ts'
import { answeredWell, handled } from '../verification/parked-healthy.ts'
import type { AgentInput, RepairAgent } from './agent.ts'
import { another, type Leaf, nearest, putIn, type Replaceable, replaceable } from './argument-leaves.ts'
import { isAlikeInKind, patternOf, tellingKind } from './poison-pattern.ts'

/** In the others no message was there yet, or none is to blame. */
const phases: ReadonlySet<FailurePhase> = new Set(['message', 'idle'])

export const guard: RepairAgent = {
  name: 'guard',
  async *propose(input) {
    if (!phases.has(input.evidence.phase)) return
    const trial = new PoisonTrial(input)
    const unproved: RecordedMessage[] = []
    for (const suspect of suspectsOf(input)) {
      const crash = await trial.alone(suspect)
      if (crash === undefined) unproved.push(suspect)
      else if (await trial.isHandledOtherwise(suspect)) {
        const pattern = await trial.pattern(suspect, crash)
        if (pattern !== undefined) yield patternRemedy(pattern)
        yield exactRemedy(suspect)
      } else if (!input.isCodeWrittenNext) yield exactRemedy(suspect)
    }
    // Only together with others does it crash the kernel, or not in the sandbox: the proof sees it without it.
    if (!input.isCodeWrittenNext) yield* unproved.map(exactRemedy)
  },
}

/**
 * The last messages, each once. What was answered before another message crashed the kernel is no poison, also where the
 * answer was an error; in an idle kernel it may have set off what came later.
 */
function suspectsOf({ evidence: { phase, messages } }: AgentInput): RecordedMessage[] {
  const possible = messages.filter(({ reply }) => phase === 'idle' || reply === undefined)
  const suspects = new Map<string, RecordedMessage>()
  for (const message of possible.toReversed()) {
    if (suspects.size >= limits.guardMessages) break
    const key = `${message.method}\0${sha256(message.args)}`
    if (!suspects.has(key)) suspects.set(key, message)
  }
  return [...suspects.values()]
}

function exactRemedy({ method, from, args }: RecordedMessage): Remedy {
  // The same hash as that of the arguments themselves (routing): both are of their serialisation.
  const steps = [{ do: 'park_message', method, argsSha256: sha256(args) }] as const
  const why = `The call of ${method} by ${from} is given up: with it the kernel crashes, without it the kernel does not.`
  return { agent: 'guard', healedBy: 'parked message', steps, why }
}

function patternRemedy(pattern: MessagePattern): Remedy {
  const why = `Calls of ${describePattern(pattern)} are given up: each crashes the kernel, and no call like it was answered well.`
  return { agent: 'guard', healedBy: 'parked message', steps: [{ do: 'park_pattern', ...pattern }], why }
}

/** What is tried out about messages, in the sandbox. */
class PoisonTrial {
  readonly #input: AgentInput
  /** Answered well, newest first. */
  readonly #healthy: readonly RecordedMessage[]
  #runsLeft: number = limits.guardRuns
  #searchEndsAt: number | undefined

  constructor(input: AgentInput) {
    this.#input = input
    this.#healthy = answeredWell(input.evidence)
  }

  /** How the kernel crashes on this message and no other, from a healthy state; undefined where it does not. */
  async alone(message: RecordedMessage): Promise<IsolatedResult | undefined> {
    this.#input.progress(`Tries ${message.method} alone`)
    const result = await this.#input.tryMessages([message], { fromGolden: true })
    return isSameFailure(this.#input.evidence, result) ? result : undefined
  }

  /** Whether this code handles other messages of the method: it said so in service, or says so here. */
  async isHandledOtherwise(suspect: RecordedMessage): Promise<boolean> {
    const { evidence, tryMessages } = this.#input
    const others = this.#othersLike(suspect)
    const recorded = new Set(evidence.messages)
    // What goes wrong in an idle kernel was begun by a message that was answered.
    if (evidence.phase === 'message' && others.some((message) => recorded.has(message))) return true
    const [newest] = others
    return newest !== undefined && (await tryMessages([newest], { fromGolden: true })).outcome === 'passed'
  }

  #othersLike({ method, args }: RecordedMessage): RecordedMessage[] {
    const own = Buffer.from(args)
    return this.#healthy.filter((message) => message.method === method && !own.equals(message.args))
  }

  /**
   * What the message has that healthy ones have not, and without which it does not crash the kernel. Undefined where that
   * cannot be put into a pattern, and where each run would be as long as a hang.
   */
  async pattern(suspect: RecordedMessage, crash: IsolatedResult): Promise<MessagePattern | undefined> {
    const { evidence, signal } = this.#input
    const { method } = suspect
    const args = argsOf(suspect)
    const others = this.#othersLike(suspect).map(argsOf)
    const known = handled(evidence).filter((message) => message.method === method)
    const healthy = evidence.phase === 'idle' ? others : known.map(argsOf)
    const model = nearest(args, others)
    if (model === undefined || !hasPlace(evidence)) return undefined
    const all = replaceable(args, model, others)
    const crashes = (changes: readonly Leaf[]) => this.#crashes(suspect, changes, crash)
    const holds = (kept: readonly Replaceable[]) =>
      crashes(all.filter((leaf) => !kept.includes(leaf)).map(({ path, healthy }) => ({ path, value: healthy })))
    this.#input.progress(`Looks for what in ${method} crashes the kernel`)
    const { items } = await ddmin(all, holds, { maxTests: limits.guardRuns, signal })
    const needed: (Leaf & { byKind: boolean })[] = []
    for (const leaf of items) {
      const isOpen = tellingKind(leaf, healthy) !== undefined && !isAlikeInKind(leaf.value)
      const other = isOpen ? another(leaf.value) : undefined
      const byKind = other !== undefined && (await crashes([{ path: leaf.path, value: other }])) === true
      needed.push({ ...leaf, byKind })
    }
    return patternOf({ method, args, needed, healthy })
  }

  /** The same failure in the same place; undefined where there are no runs left, or no time. */
  async #crashes(
    message: RecordedMessage,
    changes: readonly Leaf[],
    crash: IsolatedResult,
  ): Promise<boolean | undefined> {
    this.#searchEndsAt ??= performance.now() + limits.guardSearchMs
    if (this.#runsLeft <= 0 || performance.now() > this.#searchEndsAt) return undefined
    this.#runsLeft -= 1
    const changed = { ...message, args: serialize(putIn(argsOf(message), changes)) }
    const result = await this.#input.tryMessages([changed], { fromGolden: true })
    return isSameFailure(this.#input.evidence, result) && crashSite(result.error) === crashSite(crash.error)
  }
}

/** A copy of its own. */
function argsOf({ args }: RecordedMessage): unknown[] {
  const list: unknown = deserialize(args)
  return Array.isArray(list) ? list : []
}

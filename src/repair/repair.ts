/**
 * One attempt at a repair: a workspace, the agents in order, a proof for each candidate; the first that holds wins.
 * Everything proposed and every verdict is told as it happens. It applies nothing: that is the supervisor's decision.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { Evidence, Golden, Overlay, Remedy, RemedyStep, RepairCost, Verdict } from '../base/remedy.ts'
import type { KernelSpec } from '../base/spec.ts'
import { type AgentInput, codeWriters, type RepairAgent } from './agents/agent.ts'
import { defaultBounds, isolationHere, type RunTrial, type TrialJob } from './trial.ts'
import { type ProofMemo, prove } from './verification/proof.ts'
import { Trials } from './verification/trials.ts'
import { makeWorkspace, type Workspace } from './workspace.ts'

export interface RepairInput {
  readonly evidence: Evidence
  readonly spec: Pick<KernelSpec, 'entryUrl' | 'crashOn' | 'limits' | 'repair'>
  /** dataDir of the runtime; the workspace is in `repair/` below it. */
  readonly dataDir: string
  /** The kernel's own data folder, which each trial gets a copy of. */
  readonly kernelDataDir: string
  /** Where Node keeps compiled code; absent: nowhere. */
  readonly compiledDir?: string | undefined
  /** Counts the attempts at this incident. */
  readonly attempt: number
  /** Cheapest first. */
  readonly agents: readonly RepairAgent[]
  readonly golden?: Golden | undefined
  /** v8.serialize of the golden snapshot's state. */
  readonly goldenState?: Uint8Array | undefined
  /** The hotfix that was in force at the crash. */
  readonly overlayNow?: Overlay | undefined
  readonly playbook?: Remedy | undefined
  /** A remedy that a person has approved: proved anew, before any other. */
  readonly approved?: Remedy | undefined
  readonly run: RunTrial
  /** Starts a process for a trial that is soon to come. */
  readonly prepare?: ((job: TrialJob) => void) | undefined
  /** remedyKey of what this incident has seen already. Not tried again; what is tried now is added. */
  readonly tried: Set<string>
  readonly on: RepairListeners
  readonly signal: AbortSignal
}

export interface RepairListeners {
  proposed(remedy: Remedy): void
  /** @param cost of the agent up to this candidate; absent where no agent proposed it in this repair. */
  verified(remedy: Remedy, verdict: Verdict, cost?: RepairCost): void
  refused(remedy: Remedy, verdict: Verdict, cost?: RepairCost): void
  /** What an agent says that it is doing. */
  progressed?(agent: string, text: string): void
}

export type RepairOutcome =
  | { readonly remedy: Remedy; readonly verdict: Verdict }
  | {
      readonly exhausted: true
      /** One sentence a candidate, or why there was none. */
      readonly reasons: readonly string[]
    }

/** The same for two remedies that do the same, whoever proposed them. */
export function remedyKey(remedy: Pick<Remedy, 'steps'>): string {
  return sha256(JSON.stringify(remedy.steps))
}

/**
 * Takes spec.repair.timeoutMs at most.
 * @throws the signal's reason where it was aborted, when the candidate's process has ended; what a listener throws.
 */
export async function runRepair(input: RepairInput): Promise<RepairOutcome> {
  const { timeoutMs } = input.spec.repair
  const deadline = new AbortController()
  const timer = setTimeout(
    () => deadline.abort(new DOMException('The repair took too long.', 'TimeoutError')),
    timeoutMs,
  )
  const { evidence, dataDir, kernelDataDir, attempt } = input
  const root = join(dataDir, 'repair')
  let workspace: Workspace | undefined
  const reasons: string[] = []
  try {
    workspace = await makeWorkspace({
      ...{ root, incident: evidence.incident, attempt, evidence, dataDirOfKernel: kernelDataDir },
    })
    return await new Repair(input, workspace, reasons, AbortSignal.any([input.signal, deadline.signal])).run()
  } catch (thrown) {
    input.signal.throwIfAborted()
    if (!deadline.signal.aborted) throw thrown
    return { exhausted: true, reasons: [...reasons, `The ${timeoutMs} ms of this repair are over.`] }
  } finally {
    clearTimeout(timer)
    await workspace?.remove()
  }
}

class Repair {
  readonly #reasons: string[]
  readonly #input: RepairInput
  readonly #workspace: Workspace
  readonly #signal: AbortSignal
  readonly #memo: ProofMemo = {}
  readonly #trials: Trials
  readonly #verdicts: { remedy: Remedy; verdict: Verdict }[] = []

  /** @param reasons added to as candidates fall. */
  constructor(input: RepairInput, workspace: Workspace, reasons: string[], signal: AbortSignal) {
    this.#reasons = reasons
    this.#input = input
    this.#workspace = workspace
    this.#signal = signal
    this.#trials = new Trials(this.#trialsInput(), input.run)
  }

  async run(): Promise<RepairOutcome> {
    const { approved, agents, prepare } = this.#input
    prepare?.(await this.#trials.first())
    // A person has seen it and said yes, so it does not matter that it was tried before.
    const forThis = approved === undefined ? undefined : await this.#try(approved)
    if (forThis !== undefined) return forThis
    for (const agent of agents) {
      const won = await this.#ask(agent)
      if (won !== undefined) return won
    }
    if (this.#reasons.length === 0) {
      this.#reasons.push(`no agent had anything to propose (asked: ${agents.map(({ name }) => name).join(', ')})`)
    }
    return { exhausted: true, reasons: this.#reasons }
  }

  /** An agent that fails has nothing to offer; its reason is kept, and the next one is asked. */
  async #ask(agent: RepairAgent): Promise<RepairOutcome | undefined> {
    const meter = new Meter()
    const candidates = candidatesOf(agent, await this.#agentInput(agent, meter))
    for (;;) {
      let next: IteratorResult<Remedy, void>
      try {
        next = await meter.timed(candidates.next())
      } catch (thrown) {
        this.#signal.throwIfAborted()
        this.#reasons.push(`${agent.name}: ${toRecord(thrown).message}`)
        return undefined
      }
      this.#signal.throwIfAborted()
      if (next.done) return undefined
      if (this.#input.tried.has(remedyKey(next.value))) {
        this.#reasons.push(`${next.value.agent}: tried before in this incident.`)
        continue
      }
      const won = await this.#try(next.value, meter)
      if (won === undefined) continue
      // The winner may hold processes or connections that its generator gives back at its end.
      await candidates.return()
      return won
    }
  }

  async #try(remedy: Remedy, meter?: Meter): Promise<RepairOutcome | undefined> {
    const { tried, on } = this.#input
    tried.add(remedyKey(remedy))
    on.proposed(remedy)
    const verdict = await this.#prove(remedy)
    // Cut off in the middle: nothing is known of it, so it may be tried again when the repair goes on.
    if (this.#signal.aborted) tried.delete(remedyKey(remedy))
    this.#signal.throwIfAborted()
    this.#verdicts.push({ remedy, verdict })
    if (verdict.passed) {
      on.verified(remedy, verdict, meter?.cost())
      return { remedy, verdict }
    }
    on.refused(remedy, verdict, meter?.cost())
    this.#reasons.push(`${remedy.agent}: ${verdict.refusal ?? 'refused'}`)
    return undefined
  }

  async #agentInput(agent: RepairAgent, meter: Meter): Promise<AgentInput> {
    const { evidence, golden, goldenState, playbook, compiledDir, on, agents } = this.#input
    const { sources } = await this.#trials.sources()
    const folder = join(this.#workspace.folder, 'agents', agent.name)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const trials = this.#trials
    const counted = async (steps: readonly RemedyStep[]) => {
      const applied = await trials.applied(steps)
      meter.sandboxRuns += 1
      return applied
    }
    return {
      ...{ evidence, sources, golden, goldenState, playbook, compiledDir, folder, signal: this.#signal },
      replay: async (steps) => trials.green(await counted(steps)),
      check: async (steps) => trials.check(await counted(steps)),
      tryMessages: (messages, options) => {
        meter.sandboxRuns += 1
        return trials.alone(messages, options)
      },
      isCodeWrittenNext: agents.slice(agents.indexOf(agent) + 1).some(({ name }) => codeWriters.has(name)),
      ...{ kernelFolderUrl: trials.kernelFolderUrl, checkUrl: checkUrlOf(this.#input.spec.entryUrl) },
      verdicts: this.#verdicts,
      spend: (cost) => meter.spend(cost),
      progress: (text) => on.progressed?.(agent.name, text),
    }
  }

  #trialsInput() {
    const { evidence, golden, goldenState, overlayNow, spec } = this.#input
    const { entryUrl, crashOn, limits } = spec
    return {
      ...{ evidence, golden, goldenState, overlayNow, entryUrl, crashOn, checkUrl: checkUrlOf(entryUrl) },
      ...{ workspace: this.#workspace, signal: this.#signal },
      bounds: { heapMb: limits.heapMb, startMs: Math.min(limits.startMs, defaultBounds.startMs) },
    }
  }

  /** A sandbox that fails proves nothing: the candidate is refused, and may be tried again in a later attempt. */
  async #prove(remedy: Remedy): Promise<Verdict> {
    const { run, tried, compiledDir } = this.#input
    const startedAt = performance.now()
    try {
      return await prove({ ...this.#trialsInput(), remedy, memo: this.#memo, compiledDir }, run)
    } catch (thrown) {
      tried.delete(remedyKey(remedy))
      this.#signal.throwIfAborted()
      if (!(thrown instanceof LazaretError)) throw thrown
      const refusal = `${thrown.code}: ${thrown.message}`
      const durationMs = performance.now() - startedAt
      return { passed: false, lines: [], isolation: isolationHere(), durationMs, refusal }
    }
  }
}

/** Counts what one agent costs, its waiting for proofs left out. */
class Meter {
  sandboxRuns = 0
  #durationMs = 0
  #tokensIn = 0
  #tokensOut = 0
  #usd = 0

  async timed<T>(work: Promise<T>): Promise<T> {
    const startedAt = performance.now()
    try {
      return await work
    } finally {
      this.#durationMs += performance.now() - startedAt
    }
  }

  spend({ tokensIn = 0, tokensOut = 0, usd = 0 }: Partial<RepairCost>): void {
    this.#tokensIn += tokensIn
    this.#tokensOut += tokensOut
    this.#usd += usd
  }

  cost(): RepairCost {
    const { sandboxRuns } = this
    const durationMs = Math.round(this.#durationMs)
    return { durationMs, sandboxRuns, tokensIn: this.#tokensIn, tokensOut: this.#tokensOut, usd: this.#usd }
  }
}

async function* candidatesOf(agent: RepairAgent, input: AgentInput): AsyncGenerator<Remedy, void> {
  const proposed = agent.propose(input)
  if (proposed instanceof Promise) yield* await proposed
  else yield* proposed
}

/** check.ts beside the entry, or check.js where the kernel is compiled; the entry's own extension first. */
export function checkUrlOf(entryUrl: string): string | undefined {
  const own = /\.[cm]?[jt]s$/.exec(entryUrl)?.[0] ?? '.ts'
  const urls = [own, '.ts', '.mts', '.js', '.mjs'].map((extension) => new URL(`./check${extension}`, entryUrl))
  return urls.find((url) => existsSync(fileURLToPath(url)))?.href
}

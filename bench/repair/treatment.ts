/**
 * One repair of one failed kernel by the agents that are given: what they proposed, what the proof said, what it took.
 * As the supervisor does it, without the supervisor: nothing is applied.
 */
import type { Remedy } from '../../src/base/remedy.ts'
import type { RepairAgent } from '../../src/repair/agents/agent.ts'
import { runRepair } from '../../src/repair/repair.ts'
import type { RunTrial } from '../../src/repair/trial.ts'
import type { Illness } from './illness.ts'

export interface Treatment {
  /** The one that passed the proof. */
  readonly remedy?: Remedy
  readonly ms: number
  /** Of agents and proofs together. */
  readonly sandboxRuns: number
  /** One sentence a candidate that fell, or why there was none; each begins with the name of its agent. */
  readonly reasons: readonly string[]
  /** Milliseconds that each agent had its turn for, its proofs included, in their order. */
  readonly turns: ReadonlyMap<string, number>
}

export interface TreatmentOptions {
  readonly agents: readonly RepairAgent[]
  readonly run: RunTrial
  readonly compiledDir: string
  readonly playbook?: Remedy
  readonly signal: AbortSignal
}

/** Names the folder of an attempt, so that two of one case never share one. */
let attempts = 0

export async function treat(illness: Illness, options: TreatmentOptions): Promise<Treatment> {
  const { agents, run, compiledDir, playbook, signal } = options
  const { evidence, golden, goldenState, spec, dataDir, kernelDataDir } = illness
  const clock = new TurnClock()
  const reasons: string[] = []
  let sandboxRuns = 0
  attempts += 1
  const startedAt = performance.now()
  const outcome = await runRepair({
    ...{
      evidence,
      golden,
      goldenState,
      spec,
      dataDir,
      kernelDataDir,
      compiledDir,
      playbook,
      attempt: attempts,
      signal,
    },
    agents: agents.map((agent) => clock.timed(agent)),
    run: (job, ended) => {
      sandboxRuns += 1
      return run(job, ended)
    },
    tried: new Set(),
    on: {
      proposed: () => {},
      verified: () => {},
      refused: ({ agent }, { refusal = 'refused' }) => reasons.push(`${agent}: ${refusal}`),
    },
  })
  clock.end()
  const { turns } = clock
  const ms = performance.now() - startedAt
  if ('remedy' in outcome) return { remedy: outcome.remedy, ms, sandboxRuns, reasons, turns }
  return { ms, sandboxRuns, reasons: outcome.reasons, turns }
}

/** An agent's turn lasts from when it is asked until the next one is. */
class TurnClock {
  readonly turns = new Map<string, number>()
  #current: { name: string; at: number } | undefined

  timed(agent: RepairAgent): RepairAgent {
    return {
      name: agent.name,
      propose: (input) => {
        this.#begin(agent.name)
        return agent.propose(input)
      },
    }
  }

  end(): void {
    if (this.#current !== undefined) this.turns.set(this.#current.name, performance.now() - this.#current.at)
    this.#current = undefined
  }

  #begin(name: string): void {
    this.end()
    this.#current = { name, at: performance.now() }
  }
}

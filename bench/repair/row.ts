/**
 * One case from its failure to its row: the chain of agents as the supervisor asks them, each agent alone that the chain
 * did not get to, the playbook that the first repair would leave, and at the end the hidden check on whatever passed.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toRecord } from '../../src/base/error-record.ts'
import type { Remedy } from '../../src/base/remedy.ts'
import { addPlaybook } from '../../src/playbook/document.ts'
import { playbookFileName } from '../../src/playbook/file-name.ts'
import { generatePlaybook, toRemedy } from '../../src/playbook/generate.ts'
import { readPlaybookFile } from '../../src/playbook/schema.ts'
import type { RepairAgent } from '../../src/repair/agents/agent.ts'
import { agentChain } from '../../src/repair/agents/index.ts'
import { playbookAgent } from '../../src/repair/agents/playbook.ts'
import { remedyKey } from '../../src/repair/repair.ts'
import type { RunTrial } from '../../src/repair/trial.ts'
import type { BugCase } from '../../test/repair/bugs/cases.ts'
import { fallIll, type Illness } from './illness.ts'
import { Judge, type Judgement, onlyParks } from './judge.ts'
import { withScriptedModel } from './scripted.ts'
import { type Treatment, treat } from './treatment.ts'

export type Outcome = 'repaired' | 'refused' | 'wrong'

/** What one agent, or the chain, did about one case. */
export interface Result {
  readonly outcome: Outcome
  /** Refused, because the defect stays; but the failing message is parked, and the kernel serves everything else. */
  readonly spared?: true
  /** That proposed what passed the proof. */
  readonly agent?: string
  readonly healedBy?: string
  readonly ms: number
  readonly sandboxRuns: number
  /** Why it was refused, or is wrong: one sentence a candidate. */
  readonly reasons: readonly string[]
}

export interface Row extends Result {
  readonly case: string
  readonly kind: BugCase['kind']
  /** The honest outcome, by the corpus. */
  readonly mends: BugCase['mends']
  /** Each agent as if it were the only one. `sandboxRuns` is 0 where it is taken from the chain's own run. */
  readonly alone: Readonly<Record<string, Result>>
}

export interface RowOptions {
  /** Of everything this case writes. */
  readonly folder: string
  readonly run: RunTrial
  readonly compiledDir: string
  /** Default: every offline agent, in the order of the supervisor. */
  readonly agents?: readonly RepairAgent[]
  /** Whether each agent is also tried alone, where the chain did not say already how it does. */
  readonly alone: boolean
  /** Whether the scripted model has its turn where the others mend nothing. */
  readonly model?: boolean | undefined
  readonly signal: AbortSignal
}

/** Everything that needs nothing from a first repair. */
export const offlineAgents: readonly RepairAgent[] = agentChain.filter(({ name }) => name !== playbookAgent.name)

/**
 * Where the bench itself fails on a case, the case counts as refused, with a reason that begins with `bench: `.
 * @throws the signal's reason where it was aborted.
 */
export async function rowOf(bug: BugCase, options: RowOptions): Promise<Row> {
  const { name, kind, mends } = bug
  const startedAt = performance.now()
  try {
    options.signal.throwIfAborted()
    return { case: name, kind, mends, ...(await resultsOf(bug, options)) }
  } catch (thrown) {
    options.signal.throwIfAborted()
    const reasons = [`bench: ${toRecord(thrown).message}`]
    const ms = performance.now() - startedAt
    return { case: name, kind, mends, outcome: 'refused', ms, sandboxRuns: 0, reasons, alone: {} }
  }
}

async function resultsOf(bug: BugCase, options: RowOptions): Promise<Result & Pick<Row, 'alone'>> {
  const illness = await fallIll(bug, join(options.folder, 'service'))
  const treatments = await new Case(bug, illness, options).treatments()
  const verdict = new Verdicts(new Judge(bug, illness, { folder: join(options.folder, 'judged'), run: options.run }))
  const alone: Record<string, Result> = {}
  for (const [agent, treatment] of treatments.alone) alone[agent] = await verdict.of(treatment)
  return { ...(await verdict.of(treatments.chain)), alone }
}

/** The runs of the agents on one failure; nothing is judged yet, so no agent can meet the hidden check. */
class Case {
  readonly #bug: BugCase
  readonly #illness: Illness
  readonly #options: RowOptions

  constructor(bug: BugCase, illness: Illness, options: RowOptions) {
    this.#bug = bug
    this.#illness = illness
    this.#options = options
  }

  async treatments(): Promise<{ chain: Treatment; alone: Map<string, Treatment> }> {
    const { agents = offlineAgents } = this.#options
    const chain = await this.#treat(agents)
    const alone = new Map<string, Treatment>()
    for (const agent of this.#options.alone ? agents : []) {
      const turn = chain.turns.get(agent.name)
      const isAsAlone = turn !== undefined && (chain.remedy === undefined || chain.remedy.agent === agent.name)
      // Its turn in the chain, where it had one: those before it had been refused, so it had the same before it.
      alone.set(
        agent.name,
        turn === undefined ? await this.#treat([agent]) : turnOf(chain, agent.name, turn, isAsAlone),
      )
    }
    if (chain.remedy !== undefined) alone.set(playbookAgent.name, await this.#again(chain.remedy))
    const mendsNothing = chain.remedy === undefined || onlyParks(chain.remedy)
    if (this.#options.model === true && mendsNothing) {
      const scripted = await withScriptedModel(this.#bug, (agent) => this.#treat([agent]))
      if (scripted !== undefined) alone.set('model', scripted)
    }
    return { chain, alone }
  }

  #treat(agents: readonly RepairAgent[], playbook?: Remedy): Promise<Treatment> {
    const { run, compiledDir, signal } = this.#options
    return treat(this.#illness, { agents, run, compiledDir, signal, ...(playbook === undefined ? {} : { playbook }) })
  }

  /** The same failure once more, with what was learnt from the first: through the file that the runtime would write. */
  #again(remedy: Remedy): Promise<Treatment> {
    const { kernel, fingerprint, error, phase, incident } = this.#illness.evidence
    const learnt = generatePlaybook({ kernel, fingerprint, error, phase, remedy, incident, at: Date.now() })
    const folder = join(this.#options.folder, 'playbooks')
    mkdirSync(folder, { recursive: true })
    const path = join(folder, playbookFileName(kernel))
    writeFileSync(path, addPlaybook(undefined, learnt))
    const [playbook] = readPlaybookFile(path)
    if (playbook === undefined) throw new Error(`The playbook of ${incident} was not kept.`)
    return this.#treat([playbookAgent], toRemedy(playbook))
  }
}

/** What the chain's own run says about one of its agents. */
function turnOf(chain: Treatment, agent: string, ms: number, isLast: boolean): Treatment {
  const own = chain.reasons.filter((reason) => reason.startsWith(`${agent}: `))
  const reasons = own.length === 0 && chain.remedy?.agent !== agent ? [`${agent}: nothing to propose`] : own
  const won = isLast && chain.remedy?.agent === agent ? { remedy: chain.remedy } : {}
  return { ...won, ms, sandboxRuns: 0, reasons, turns: new Map([[agent, ms]]) }
}

/** Each remedy is judged once, whoever proposed it. */
class Verdicts {
  readonly #judge: Judge
  readonly #known = new Map<string, Judgement>()

  constructor(judge: Judge) {
    this.#judge = judge
  }

  async of({ remedy, ms, sandboxRuns, reasons }: Treatment): Promise<Result> {
    if (remedy === undefined) return { outcome: 'refused', ms, sandboxRuns, reasons }
    const key = remedyKey(remedy)
    const judgement = this.#known.get(key) ?? (await this.#judge.judge(remedy))
    this.#known.set(key, judgement)
    const { agent, healedBy, why } = remedy
    const by = { agent, healedBy, ms, sandboxRuns }
    if (judgement.outcome === 'repaired') return { outcome: 'repaired', ...by, reasons }
    if (judgement.outcome === 'wrong')
      return { outcome: 'wrong', ...by, reasons: [`${agent}: ${judgement.why}. ${why}`] }
    const left = `${agent}: the message is parked and the kernel serves on, but the defect stays`
    return { outcome: 'refused', spared: true, ...by, reasons: [...reasons, left] }
  }
}

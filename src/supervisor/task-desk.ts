/**
 * Where tasks are shown, claimed, handed over and handed in: what the command line and the MCP server offer to whoever
 * mends a kernel by hand. The work is in the files beside this one.
 */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Evidence, Remedy, RemedyStep, Verdict } from '../base/remedy.ts'
import type { TaskRow } from '../journal/rows.ts'
import { oneLine } from '../repair/agents/fence.ts'
import { type HandOver, handOver } from '../repair/hand-over.ts'
import { checkUrlOf } from '../repair/repair.ts'
import { readSources } from '../repair/sources.ts'
import { stepsOfDiff } from '../repair/submission.ts'
import { claim, mustNotBeAnothers, release } from './claims.ts'
import { openTask } from './commands.ts'
import { evidenceOf } from './escalation.ts'
import { fittingHotfix } from './hotfixing.ts'
import { type House, kernelFolderUrl } from './house.ts'
import { statusOf } from './status.ts'
import { mustBeOfOpenIncident, type Submitted, type Submitter, submit } from './submission.ts'
import { type TaskDetail, taskDetail } from './task-detail.ts'
import { type Tried, TryOuts } from './try-out.ts'
import type { Unit } from './unit.ts'

export interface SubmitOptions {
  /** A unified diff, see repair/submission.ts. */
  readonly diff: string
  readonly by: Submitter
  /** One sentence for a person. */
  readonly why?: string | undefined
  /** Name of the agent; refused where somebody else has claimed the task. A person goes before every claim. */
  readonly worker?: string | undefined
}

export class TaskDesk {
  readonly #house: () => House
  readonly #tryOuts = new TryOuts()

  /** @param house throws where the runtime takes no commands. */
  constructor(house: () => House) {
    this.#house = house
  }

  /** @throws LazaretError NOT_FOUND */
  show(id: string): TaskDetail {
    const house = this.#house()
    const detail = taskDetail(house.journal, id, house.clock.now())
    const unit = house.units.get(detail.task.kernel)
    return unit === undefined ? detail : { ...detail, status: statusOf(unit) }
  }

  /** @throws LazaretError NOT_FOUND, OPTION_INVALID, COMMAND_REFUSED where another has it. */
  claim(id: string, by: string): TaskDetail {
    claim(this.#house(), openTask(this.#house(), id), by)
    return this.show(id)
  }

  /** @throws LazaretError NOT_FOUND, COMMAND_REFUSED. @param by absent: a person, who may take it from anybody. */
  release(id: string, by?: string): TaskDetail {
    release(this.#house(), openTask(this.#house(), id), by)
    return this.show(id)
  }

  /** @throws LazaretError NOT_FOUND, COMMAND_REFUSED where there is no evidence to work on. */
  async handOver(id: string): Promise<HandOver> {
    const house = this.#house()
    const { task, unit, evidence } = this.#work(id)
    const refused = house.journal.attempts(task.incident).flatMap(({ outcome, verdict, steps }) => {
      const isRefused = outcome === 'refused' && verdict !== undefined
      return isRefused ? [{ diff: diffOf(steps), verdict: verdict satisfies Verdict }] : []
    })
    return await handOver({
      ...{
        evidence,
        refused: refused.slice(-limits.taskRefusedShown),
        sources: await sourcesOf(house, unit, evidence),
      },
      ...{ kernelFolderUrl: kernelFolderUrl(unit.spec), checkUrl: checkUrlOf(unit.spec.entryUrl) },
      handIn: `Hand it in with \`lazaret task ${task.id} --submit <this folder>\`, or the diff of it with the tool submit_patch of \`lazaret mcp\`.`,
    })
  }

  /**
   * Resolves when the proof is over and the kernel has settled.
   * @throws LazaretError NOT_FOUND, OPTION_INVALID, PATCH_REFUSED, COMMAND_REFUSED.
   */
  async submit(id: string, { diff, by, why, worker }: SubmitOptions): Promise<Submitted> {
    const house = this.#house()
    const { task, unit, evidence } = this.#work(id)
    if (by === 'mcp') mustNotBeAnothers(house, task, worker ?? '')
    const steps = await stepsOf(house, unit, evidence, diff)
    const plain = by === 'person' ? 'handed in by a person' : `handed in by ${worker ?? 'an agent'} over MCP`
    const said = why === undefined ? '' : oneLine(why, limits.taskWhyChars)
    const remedy: Remedy = { agent: by, healedBy: 'code', steps, why: said === '' ? plain : said }
    // Its task may have been closed, its repair begun, while the files were read.
    return await submit(house, unit, openTask(house, id), remedy)
  }

  /** Replays the failure in the sandbox, with the change of a diff or as it was. @throws LazaretError as submit() does. */
  async tryOut(id: string, diff?: string): Promise<Tried> {
    const house = this.#house()
    const { unit, evidence } = this.#work(id)
    const steps = diff === undefined ? [] : await stepsOf(house, unit, evidence, diff)
    return await this.#tryOuts.run(house, unit, evidence, steps)
  }

  /** Ends what is being tried out. */
  async close(): Promise<void> {
    await this.#tryOuts.close()
  }

  #work(id: string): { task: TaskRow; unit: Unit; evidence: Evidence } {
    const house = this.#house()
    const task = openTask(house, id)
    const unit = house.units.get(task.kernel)
    if (unit === undefined) {
      const known = [...house.units.keys()].join(', ')
      throw new LazaretError('UNKNOWN_KERNEL', `The fleet has no kernel ${task.kernel} any more. It has: ${known}.`)
    }
    mustBeOfOpenIncident(unit, task)
    const evidence = evidenceOf(house, unit)
    if (evidence !== undefined) return { task, unit, evidence }
    const why = unit.evidenceProblem?.message ?? 'the folder is missing'
    throw new LazaretError('COMMAND_REFUSED', `There is no evidence to work on: ${why}`, {
      kernel: unit.id,
      hint: `Mend it in your sources, and let it back: lazaret rejoin ${unit.id}`,
    })
  }
}

async function sourcesOf(house: House, unit: Unit, evidence: Evidence): Promise<Readonly<Record<string, string>>> {
  const golden = await house.goldens.get(unit.id)
  return (await readSources(evidence, golden, fittingHotfix(unit).overlay)).sources
}

async function stepsOf(house: House, unit: Unit, evidence: Evidence, diff: string): Promise<RemedyStep[]> {
  const sources = await sourcesOf(house, unit, evidence)
  return stepsOfDiff(diff, { sources, kernelFolderUrl: kernelFolderUrl(unit.spec) })
}

function diffOf(steps: readonly RemedyStep[]): string {
  return steps.map((step) => (step.do === 'apply_patch' ? step.patch : '')).join('')
}

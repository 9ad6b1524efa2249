/** The repairs that were tried for one incident, in words: what each would do, its patch side by side, its proof line by line. */
import { limits } from '../base/limits.ts'
import type { RemedyStep, Verdict } from '../base/remedy.ts'
import type { AttemptRow, HotfixRow, TaskRow } from '../journal/rows.ts'
import { describeStep } from '../playbook/explain.ts'
import { diffFile } from './diff-rows.ts'
import { oneLine } from './plain.ts'
import type { Restored, Restores } from './story-restores.ts'
import type { StoryAttempt, StoryProof, StoryStep } from './story-shape.ts'

/** The last ones, oldest first. @param hotfix the one of this incident that was applied last. */
export function attemptsOf(
  rows: readonly AttemptRow[],
  hotfix: HotfixRow | undefined,
  task: TaskRow | undefined,
  restores: Pick<Restores, 'of'>,
): StoryAttempt[] {
  const shown = rows.slice(-limits.storyAttempts)
  const role = rolesOf(shown, hotfix, task)
  return shown.map((row) => {
    const { n, at, agent, healedBy, outcome, why, steps, verdict, cost } = row
    const its = role.get(row)
    return {
      ...{ n, at, agent: oneLine(agent), healedBy, outcome: oneLine(outcome), why: oneLine(why) },
      ...(its !== undefined && { role: its }),
      steps: steps.map((step) => stepOf(step, restores.of(step, at))),
      ...(verdict !== undefined && { proof: proofOf(verdict) }),
      ...(cost !== undefined && { cost }),
    }
  })
}

/** A remedy may be proved more than once: the last proof that held is what was acted on. */
function rolesOf(
  rows: readonly AttemptRow[],
  hotfix: HotfixRow | undefined,
  task: TaskRow | undefined,
): ReadonlyMap<AttemptRow, 'applied' | 'waiting'> {
  const roles = new Map<AttemptRow, 'applied' | 'waiting'>()
  const held = (key: string, agent: string) =>
    rows.findLast((row) => row.outcome !== 'refused' && row.agent === agent && JSON.stringify(row.steps) === key)
  const isInForce = hotfix !== undefined && hotfix.status !== 'rolledBack' && hotfix.status !== 'dropped'
  const applied = isInForce ? held(JSON.stringify(hotfix.steps), hotfix.agent) : undefined
  if (applied !== undefined) roles.set(applied, 'applied')
  const waiting = task?.remedy && held(JSON.stringify(task.remedy.steps), task.remedy.agent)
  if (waiting !== undefined) roles.set(waiting, 'waiting')
  return roles
}

function stepOf(step: RemedyStep, restored: Restored | undefined): StoryStep {
  return {
    ...{ do: step.do, words: oneLine(describeStep(step)) },
    ...(step.do === 'apply_patch' && { diffs: [diffFile(oneLine(step.file), step.patch)] }),
    ...restored,
  }
}

function proofOf({ passed, isolation, durationMs, refusal, lines }: Verdict): StoryProof {
  const last = lines.at(-1)
  const isSaid = last !== undefined && refusal === `${last.name}: ${last.detail}`
  return {
    ...{ passed, isolation, durationMs },
    ...(refusal !== undefined && !isSaid && { refusal: oneLine(refusal) }),
    lines: lines.map((line) => ({ ...line, detail: oneLine(line.detail) })),
  }
}

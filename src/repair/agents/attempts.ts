/**
 * What all agents from outside have in common: so many candidates, so many minutes of their own work, and the verdict on
 * the last candidate before the next. It takes what they left in their folder; how they work is theirs.
 */
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Remedy } from '../../base/remedy.ts'
import type { AgentInput } from './agent.ts'
import { oneLine } from './fence.ts'
import { type Feedback, verdictText } from './task.ts'
import type { WorkFolder } from './work-folder.ts'

export interface Bounds {
  readonly attempts: number
  readonly minutes: number
}

export interface Attempt {
  /** Counts from 1. */
  readonly number: number
  /** What became of those before, oldest first. */
  readonly feedback: readonly Feedback[]
  /** Aborted when the repair is, and when the minutes are over. */
  readonly signal: AbortSignal
}

export interface Work {
  readonly folder: WorkFolder
  /** One sentence for a person, in the agent's words. */
  readonly why: string
}

/**
 * @param work one attempt. What it throws ends the agent's turn: nothing more is tried.
 * @throws LazaretError AGENT_FAILED when there will be no more, with each reason that no verdict holds.
 */
export async function* inAttempts(
  input: AgentInput,
  agent: string,
  bounds: Bounds,
  work: (attempt: Attempt) => Promise<Work>,
): AsyncGenerator<Remedy, void> {
  const feedback: Feedback[] = []
  const refusals: string[] = []
  let leftMs = bounds.minutes * 60_000
  for (let number = 1; number <= bounds.attempts; number += 1) {
    const startedAt = performance.now()
    const { folder, why } = await within(leftMs, bounds.minutes, input.signal, (signal) =>
      work({ number, feedback, signal }),
    )
    leftMs -= performance.now() - startedAt
    const { steps, problems, leftOut } = await folder.taken()
    if (leftOut.length > 0) input.progress(oneLine(`left out, as it is no source file: ${leftOut.join(', ')}`))
    const diff = steps.map(({ patch }) => patch).join('')
    const refusal = problems.length > 0 ? problems.join(' ') : steps.length === 0 ? 'It changed nothing.' : undefined
    if (refusal !== undefined) {
      const told = oneLine(`attempt ${number}: ${refusal}`, limits.agentVerdictChars)
      refusals.push(told)
      feedback.push({ diff, refusal })
      input.progress(oneLine(told))
      continue
    }
    const remedy: Remedy = { agent, healedBy: 'code', steps, why: oneLine(why, 2 * limits.agentProgressChars) }
    yield remedy
    const judged = input.verdicts.at(-1)
    const isOurs = judged?.remedy === remedy
    const told = isOurs ? verdictText(judged.verdict) : 'This very change was tried before in this incident.'
    feedback.push({ diff, refusal: told })
  }
  const spent = `its ${bounds.attempts} ${bounds.attempts === 1 ? 'attempt is' : 'attempts are'} spent`
  throw new LazaretError('AGENT_FAILED', [`${spent}`, ...refusals].join('; '))
}

async function within<T>(ms: number, minutes: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>) {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), Math.max(0, ms))
  try {
    return await work(AbortSignal.any([outer, deadline.signal]))
  } catch (thrown) {
    outer.throwIfAborted()
    if (!deadline.signal.aborted) throw thrown
    throw new LazaretError('AGENT_FAILED', `its ${minutes} ${minutes === 1 ? 'minute is' : 'minutes are'} over.`, {
      cause: thrown,
    })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The task that asks a coding agent, or a person, to mend a kernel: pure data. Who takes it, and whether anybody does,
 * is not known here.
 */
import type { BusTopics } from '../actor/kernel.ts'
import { newId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { IncidentRow, TaskRow } from '../journal/rows.ts'
import { errorLine } from './incident.ts'

/** A kernel out of service goes before every other work. */
const highestPriority = 10

/**
 * @param diagnosticPath the evidence folder; '' where the disk refused it.
 * @param log finished lines that are relevant to the error, oldest first; the last limits.taskLogLines are kept.
 */
export function buildTask(
  incident: Pick<IncidentRow, 'id' | 'kernel' | 'error'>,
  diagnosticPath: string,
  log: readonly string[],
  nowMs: number,
  id: string = newId('task'),
): TaskRow {
  return {
    id,
    incident: incident.id,
    kernel: incident.kernel,
    type: 'fix_kernel_failure',
    priority: highestPriority,
    status: 'open',
    error: errorLine(incident.error),
    diagnosticPath,
    log: log.slice(-limits.taskLogLines),
    createdAt: nowMs,
  }
}

export function taskPayload(task: TaskRow): BusTopics['coding_agent.task_create'] {
  return {
    task: task.id,
    type: task.type,
    kernel: task.kernel,
    error: task.error,
    diagnostic_path: task.diagnosticPath,
    log: [...task.log],
    priority: task.priority,
    incident: task.incident,
  }
}

export interface Claim {
  readonly by: string
  /** Epoch milliseconds. */
  readonly until: number
}

/** Who works on it now; undefined where nobody does, or the claim is over. */
export function claimOf({ status, claimedBy, claimedAt = 0 }: TaskRow, nowMs: number): Claim | undefined {
  const until = claimedAt + limits.taskClaimMs
  return status === 'open' && claimedBy !== undefined && until > nowMs ? { by: claimedBy, until } : undefined
}

/** What the bus tells of those that hold. */
export function claimsIn(tasks: readonly TaskRow[], nowMs: number): BusTopics['coding_agent.task_claimed'][] {
  return tasks.flatMap((task) => {
    const claim = claimOf(task, nowMs)
    return claim === undefined ? [] : [claimPayload(task, claim)]
  })
}

export function claimPayload({ id, kernel }: TaskRow, { by, until }: Claim): BusTopics['coding_agent.task_claimed'] {
  return { task: id, kernel, by, until }
}

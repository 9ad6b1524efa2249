/** One task with everything that is written down about it. Reads rows; whoever shows it words it. */
import { LazaretError } from '../base/errors.ts'
import { type Claim, claimOf } from '../escalation/task.ts'
import type { AttemptRow, IncidentRow, TaskRow } from '../journal/rows.ts'
import type { KernelStatus } from './status.ts'

export interface TaskDetail {
  readonly task: TaskRow
  readonly incident?: IncidentRow
  /** Every repair that was tried for its incident, oldest first. */
  readonly attempts: readonly AttemptRow[]
  readonly claim?: Claim
  /** Of its kernel; absent where no runtime runs, or the fleet has it no more. */
  readonly status?: KernelStatus
}

interface Rows {
  task(id: string): TaskRow | undefined
  incident(id: string): IncidentRow | undefined
  attempts(incident: string): AttemptRow[]
}

/** @throws LazaretError NOT_FOUND */
export function taskDetail(journal: Rows, id: string, nowMs: number): TaskDetail {
  const task = journal.task(id)
  if (task === undefined) {
    const hint = 'List the open ones: lazaret tasks'
    throw new LazaretError('NOT_FOUND', `There is no task ${JSON.stringify(id)}.`, { hint })
  }
  const incident = journal.incident(task.incident)
  const claim = claimOf(task, nowMs)
  return {
    ...{ task, attempts: journal.attempts(task.incident) },
    ...(incident && { incident }),
    ...(claim && { claim }),
  }
}

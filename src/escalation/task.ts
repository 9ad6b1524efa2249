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

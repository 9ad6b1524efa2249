/** Rows with every required key, to be varied by the tests. */
import type { LazaretEvent } from '../../src/base/events.ts'
import type {
  AttemptRow,
  DeadLetter,
  FailureRow,
  HotfixRow,
  IncidentRow,
  KernelRow,
  TaskRow,
} from '../../src/journal/rows.ts'

export function kernelRow(change: Partial<KernelRow> = {}): KernelRow {
  const counts = { failures: 4, attempts: 1, starts: 4 }
  return { id: 'alpha', state: 'quarantined.waiting', ...counts, facts: { servedBy: 'buffer' }, at: 1000, ...change }
}

export function incidentRow(change: Partial<IncidentRow> = {}): IncidentRow {
  return {
    ...{ id: 'inc_1', kernel: 'alpha', fingerprint: 'f1', tier: 2, status: 'open', openedAt: 1000, count: 1 },
    error: { name: 'TypeError', message: 'x is not a function', cause: { name: 'Error', message: 'deeper' } },
    phase: 'message',
    ...change,
  }
}

export function failureRow(change: Partial<FailureRow> = {}): FailureRow {
  const error = { name: 'Error', message: 'boom' }
  return { kernel: 'alpha', at: 1000, fingerprint: 'f1', error, phase: 'start', decision: 'restart', ...change }
}

export function attemptRow(change: Partial<AttemptRow> = {}): AttemptRow {
  return {
    ...{ incident: 'inc_1', n: 1, agent: 'restore.state', healedBy: 'state', steps: [{ do: 'restore_state' }] },
    ...{ why: 'the state was good then', at: 1000, outcome: 'proposed' },
    ...change,
  }
}

export function taskRow(change: Partial<TaskRow> = {}): TaskRow {
  return {
    ...{ id: 'task_1', incident: 'inc_1', kernel: 'alpha', type: 'fix_kernel_failure', priority: 10, status: 'open' },
    ...{ error: 'Error: boom', diagnosticPath: '/evidence', log: ['one', 'two'], createdAt: 1000 },
    ...change,
  }
}

export function hotfixRow(change: Partial<HotfixRow> = {}): HotfixRow {
  const patch = { do: 'apply_patch', file: 'kernel.ts', preimageSha256: 'aa', patch: '@@ -1 +1 @@' } as const
  return {
    ...{ id: 'fix_1', kernel: 'alpha', incident: 'inc_1', status: 'probation', steps: [patch], agent: 'restore.code' },
    ...{ healedBy: 'code', why: 'the code was changed', file: '/data/hotfixes/fix_1.json', at: 1000 },
    ...change,
  }
}

export function deadLetter(change: Partial<DeadLetter> = {}): DeadLetter {
  const facts = { code: 'KERNEL_DOWN', reason: 'it crashed', at: 1000 }
  return { kernel: 'alpha', from: 'host', method: 'add', kind: 'tell', ...facts, ...change }
}

export function event(seq: number, change: Partial<LazaretEvent> = {}): LazaretEvent {
  return { type: 'kernel.started', kernel: 'alpha', at: 1000 + seq, seq, ...change }
}

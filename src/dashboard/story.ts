/**
 * Puts the story of one incident together: rows and events of the journal, the evidence folder, and where a runtime runs
 * what the kernel is now. It reads, and decides nothing; a file that is missing or edited is told, never a failure.
 */
import { describeRecord, type ErrorRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { SourceFrame } from '../diagnostics/source-frames.ts'
import { claimOf } from '../escalation/task.ts'
import type { JournalReader } from '../journal/reader.ts'
import type { FailureRow, HotfixRow, IncidentRow, TaskRow } from '../journal/rows.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import { evidenceIn } from './evidence.ts'
import { headlineOf } from './headline.ts'
import { ladderOf } from './ladder.ts'
import { multiline, oneLine } from './plain.ts'
import { attemptsOf } from './story-attempts.ts'
import { eventsOf } from './story-events.ts'
import { Restores } from './story-restores.ts'
import type {
  Story,
  StoryError,
  StoryFailure,
  StoryIncident,
  StoryKernel,
  StoryPlaybook,
  StoryTask,
} from './story-shape.ts'

export interface StorySources {
  readonly journal: Pick<
    JournalReader,
    | ('incident' | 'incidents' | 'attempts' | 'tasks' | 'failures' | 'events' | 'hotfixes' | 'kernelRows')
    | ('playbookVersions' | 'playbookVersion')
  >
  readonly nowMs: number
  /** For what golden snapshots hold; absent: what a return to one would change is not shown. */
  readonly dataDir?: string
  /** Of a running runtime; undefined for a kernel that its fleet has no more. */
  readonly status?: (kernel: string) => KernelStatus | undefined
}

/** @throws LazaretError NOT_FOUND where there is no such incident. */
export function storyOf(sources: StorySources, id: string): Story {
  const { journal, nowMs, dataDir } = sources
  const row = journal.incident(id)
  if (row === undefined) {
    const hint = 'List them: lazaret incidents'
    throw new LazaretError('NOT_FOUND', `There is no incident ${JSON.stringify(id.slice(0, 100))}.`, { hint })
  }
  const tasks = tasksOf(journal, row)
  const { events, leftOut } = eventsOf(journal, row, tasks)
  const { evidence, frames } = evidenceIn(row.folder)
  const openTask = tasks.find(({ status }) => status === 'open')
  const hotfix = journal.hotfixes(row.kernel).find(({ incident }) => incident === id)
  const rows = journal.attempts(id)
  const kernel = kernelOf(sources, row.kernel)
  const task = openTask && taskOf(openTask, kernel, nowMs)
  const playbook = playbookOf(journal, row, hotfix, events)
  const failures = failuresOf(journal, row, events)
  return {
    ...{ at: nowMs, incident: incidentOf(row), headline: headlineOf(row, frames[0], kernel, task) },
    ...{ errors: errorsOf(row.error, frames), ...failures },
    ...(kernel !== undefined && { kernel }),
    ...{ ladder: ladderOf(events, row), stepsLeftOut: leftOut, evidence },
    ...{
      attempts: attemptsOf(
        rows,
        hotfix,
        task?.waits === true ? openTask : undefined,
        new Restores({ kernel: row.kernel, folder: row.folder, dataDir, nowMs }),
      ),
      attemptsLeftOut: Math.max(0, rows.length - limits.storyAttempts),
    },
    ...(task !== undefined && { task }),
    ...(hotfix !== undefined && { hotfix: hotfixOf(hotfix) }),
    ...(playbook !== undefined && { playbook }),
    related: relatedOf(journal, row),
  }
}

function tasksOf(journal: Pick<StorySources['journal'], 'tasks'>, { kernel, id }: IncidentRow): TaskRow[] {
  const all = (['open', 'closed'] as const).flatMap((status) => journal.tasks({ kernel, status }))
  return all.filter(({ incident }) => incident === id)
}

function incidentOf({
  error: _,
  folder: _folder,
  playbook: _playbook,
  resolution,
  ...row
}: IncidentRow): StoryIncident {
  return { ...row, ...(resolution !== undefined && { resolution: oneLine(resolution) }) }
}

function errorsOf(error: ErrorRecord, frames: readonly SourceFrame[]): StoryError[] {
  const errors: StoryError[] = []
  for (let at: ErrorRecord | undefined = error; at !== undefined; at = at.cause) {
    const { name, code, message, stack, hint, nonError } = at
    const of = errors.length
    errors.push({
      name: nonError ? 'thrown value' : oneLine(name),
      ...(code !== undefined && { code: oneLine(code) }),
      message: multiline(message, limits.storyTextChars * 4),
      ...(stack !== undefined && { stack: multiline(stack, limits.storyDocumentChars / 4) }),
      ...(hint !== undefined && { hint: oneLine(hint) }),
      frames: frames.filter((frame) => frame.of === of),
    })
  }
  return errors
}

/** Those of the ladder's row, and all while it is open. */
function failuresOf(
  journal: Pick<StorySources['journal'], 'failures'>,
  row: IncidentRow,
  events: readonly LazaretEvent[],
): { failures: StoryFailure[]; failuresLeftOut: number } {
  // A failure is written down a moment before its event is.
  const from = Math.min(row.openedAt, events[0]?.at ?? row.openedAt) - 250
  const until = row.resolvedAt ?? Number.POSITIVE_INFINITY
  const all = journal
    .failures(row.kernel, limits.journalFailuresPerKernel)
    .filter(({ at }) => at >= from && at <= until)
  const failures = all
    .slice(0, limits.storyFailures)
    .toReversed()
    .map(
      ({ at, phase, error, fingerprint }: FailureRow): StoryFailure => ({
        ...{ at, phase, text: oneLine(describeRecord(error)), same: fingerprint === row.fingerprint },
      }),
    )
  return { failures, failuresLeftOut: all.length - failures.length }
}

function kernelOf({ journal, status }: StorySources, id: string): StoryKernel | undefined {
  const now = status?.(id)
  if (now !== undefined) {
    const { state, servedBy, why, budget } = now
    return { state, live: true, servedBy, ...(why !== undefined && { why: oneLine(why) }), budget }
  }
  const row = journal.kernelRows().find((one) => one.id === id)
  if (row === undefined) return undefined
  const { state, failures, starts, attempts, facts } = row
  const why = facts.parkedWhy
  const said = state === 'quarantined.parked' && typeof why === 'string' ? { why: oneLine(why) } : {}
  return { state, live: false, ...said, budget: { failures, starts, attempts } }
}

/** Approved already, its remedy is still there until the incident is over: by then the kernel is parked no more. */
function taskOf(task: TaskRow, kernel: StoryKernel | undefined, nowMs: number): StoryTask {
  const { id, createdAt, expiresAt } = task
  const waits = task.remedy !== undefined && kernel?.state === 'quarantined.parked'
  const claim = claimOf(task, nowMs)
  return {
    ...{ id, createdAt, waits },
    ...(waits && expiresAt !== undefined && { expiresAt }),
    ...(claim !== undefined && { claim: { ...claim, by: oneLine(claim.by) } }),
  }
}

function hotfixOf({ id, status, at, agent, why }: HotfixRow): Story['hotfix'] {
  return { id, status, at, agent: oneLine(agent), why: oneLine(why) }
}

type PlaybookRows = Pick<StorySources['journal'], 'playbookVersions' | 'playbookVersion'>

function playbookOf(
  journal: PlaybookRows,
  { kernel, playbook: used }: IncidentRow,
  hotfix: HotfixRow | undefined,
  events: readonly LazaretEvent[],
): StoryPlaybook | undefined {
  const learnt = events.findLast(({ type }) => type === 'playbook.generated')?.name
  const name = used ?? hotfix?.playbook ?? (typeof learnt === 'string' ? learnt : undefined)
  if (name === undefined) return undefined
  const about = journal
    .playbookVersions(kernel)
    .filter(({ playbook, text }) => playbook === name || text.includes(name))
  return {
    ...{ name: oneLine(name), role: used === undefined && hotfix?.playbook === undefined ? 'learnt' : 'used' },
    versions: about
      .slice(0, limits.storyRelated)
      .map(({ version, at, change }) => ({ version, at, change: oneLine(change) })),
    text: multiline(about[0]?.text ?? '', limits.storyDocumentChars),
  }
}

function relatedOf(journal: Pick<StorySources['journal'], 'incidents'>, row: IncidentRow): Story['related'] {
  return journal
    .incidents({ kernel: row.kernel })
    .filter(({ id, fingerprint }) => id !== row.id && fingerprint === row.fingerprint)
    .slice(0, limits.storyRelated)
    .map(({ id, openedAt, status, healedBy }) => ({
      id,
      openedAt,
      status,
      ...(healedBy !== undefined && { healedBy }),
    }))
}

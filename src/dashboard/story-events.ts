/**
 * The events of the journal that belong to one incident: those that led to it since the kernel was last steady, those of
 * its time, and what is said of it afterwards. Each look is bounded, and goes by the types that tell something.
 */
import type { LazaretEvent } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { JournalReader } from '../journal/reader.ts'
import type { IncidentRow, TaskRow } from '../journal/rows.ts'
import { ladderEvents } from './ladder.ts'
import { entry } from './plain.ts'

/** What leads to an incident. */
const before = [
  ...(['kernel.crashed', 'kernel.restarted', 'kernel.started', 'kernel.recovered', 'restart.exhausted'] as const),
  // A standby may serve before the incident is open.
  ...(['failover.completed', 'fallback.started'] as const),
] as const
/** What may still be said of an incident that is closed. */
const afterwards = ['kernel.recovered', 'hotfix.written', 'hotfix.dropped', 'playbook.trusted'] as const

type EventSource = Pick<JournalReader, 'events'>

/** Oldest first. */
export function eventsOf(
  journal: EventSource,
  row: IncidentRow,
  tasks: readonly TaskRow[],
): { events: LazaretEvent[]; leftOut: number } {
  const { kernel, id } = row
  const isOf = ({ incident }: LazaretEvent) => incident === id
  const opened = journal.events({ kernel, types: ['incident.opened'] }).find(isOf)
  const closed = journal.events({ kernel, types: ['incident.resolved'] }).find(isOf)
  // Those of its beginning are gone: of another incident's time nothing is to be told here.
  if (opened === undefined) return { events: closed === undefined ? [] : [closed], leftOut: 0 }
  const until = closed === undefined ? {} : { before: closed.seq + 1 }
  const query = { kernel, types: ladderEvents, ...until, limit: limits.storyEvents }
  const first = journal.events({ ...query, after: opened.seq - 1 })
  const isCut = first.length >= limits.storyEvents
  const last = isCut ? journal.events(query).filter(({ seq }) => seq > opened.seq) : first
  // What a person has said of a task names the task only.
  const said = journal
    .events({ types: ['command.given'], after: opened.seq, ...until, limit: limits.storyEvents })
    .filter(({ kernel: of, params }) => of === undefined && tasks.some((task) => task.id === entry(params, 'task')))
  const shown = said.length === 0 ? last : [...last, ...said].toSorted((a, b) => a.seq - b.seq)
  const from = Math.max(0, opened.seq - limits.storyLeadEvents)
  const led = journal.events({ kernel, types: before, after: from, before: opened.seq, limit: limits.storyLeadEvents })
  return {
    events: [
      ...sinceSteady(led),
      ...(isCut ? [opened] : []),
      ...shown,
      ...(closed ? after(journal, row, closed.seq) : []),
    ],
    leftOut: isCut ? (last[0]?.seq ?? opened.seq) - opened.seq - 1 : 0,
  }
}

/** A start of its own, or the end of an earlier trouble, is where the row begins. */
function sinceSteady(events: readonly LazaretEvent[]): LazaretEvent[] {
  const last = events.findLastIndex(
    ({ type, reason }) =>
      type === 'kernel.recovered' || (type === 'kernel.started' && (reason === 'first' || reason === 'command')),
  )
  return events.slice(last + 1).filter(({ type }) => type !== 'kernel.started')
}

function after(journal: EventSource, { kernel, id }: IncidentRow, seq: number): LazaretEvent[] {
  const next = journal.events({ kernel, types: ['incident.opened', 'kernel.crashed'], after: seq, limit: 1 })[0]
  const until = next === undefined ? {} : { before: next.seq }
  return journal
    .events({ kernel, types: afterwards, after: seq, ...until, limit: 20 })
    .filter(({ incident }) => incident === undefined || incident === id)
}

/**
 * Everything that can be asked of the journal. The command line reads a dead runtime's journal with this, and the
 * journal itself is this plus writing. Lists are newest first, except where it says otherwise.
 */
import type { LazaretEvent } from '../base/events.ts'
import type { Connection } from './connection.ts'
import { countDeadLetters, findDeadLetters } from './dead-letters.ts'
import { findEvents, lastEventSeq } from './events.ts'
import { journalPath, openForReading } from './file.ts'
import { findParkedPatterns } from './parked-patterns.ts'
import { findVersion, findVersions } from './playbook-versions.ts'
import { findParked } from './poison.ts'
import type {
  AttemptRow,
  DeadLetterFilter,
  DeadLetterRow,
  EventFilter,
  FailureRow,
  HotfixRow,
  IncidentFilter,
  IncidentRow,
  KernelRow,
  ParkedPatternRow,
  PlaybookStats,
  PlaybookUse,
  PlaybookVersionRow,
  PoisonRow,
  SettingRow,
  TaskFilter,
  TaskRow,
} from './rows.ts'
import {
  attemptTable,
  failureTable,
  hotfixTable,
  incidentTable,
  kernelTable,
  playbookUseTable,
  settingTable,
  taskTable,
} from './schema.ts'

const newestFirst = 'rowid DESC'
/** For lists that are short by nature and must be whole. */
const all = Number.MAX_SAFE_INTEGER

export class JournalReader {
  protected readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** By id. */
  kernelRows(): KernelRow[] {
    return kernelTable.find(this.connection, {}, 'id', all)
  }

  incident(id: string): IncidentRow | undefined {
    return incidentTable.findOne(this.connection, { id })
  }

  incidents(filter: IncidentFilter = {}): IncidentRow[] {
    const { kernel, status } = filter
    return incidentTable.find(this.connection, { kernel, status }, newestFirst, filter.limit)
  }

  /** The newest open incident of the kernel. */
  openIncidentFor(kernel: string): IncidentRow | undefined {
    return incidentTable.findOne(this.connection, { kernel, status: 'open' })
  }

  failures(kernel: string, limit?: number): FailureRow[] {
    return failureTable.find(this.connection, { kernel }, newestFirst, limit)
  }

  /** The first one first. */
  attempts(incident: string): AttemptRow[] {
    return attemptTable.find(this.connection, { incident }, 'n', all)
  }

  task(id: string): TaskRow | undefined {
    return taskTable.findOne(this.connection, { id })
  }

  /** Highest priority first, then oldest first: the order in which they are to be done. Closed ones newest first. */
  tasks(filter: TaskFilter = {}): TaskRow[] {
    const { kernel, status } = filter
    const order = status === 'closed' ? newestFirst : 'priority DESC, rowid'
    return taskTable.find(this.connection, { kernel, status }, order, filter.limit)
  }

  openTaskCount(): number {
    const sql = "SELECT count(*) AS count FROM tasks WHERE status = 'open'"
    return Number(this.connection.get(sql)?.count ?? 0)
  }

  deadLetters(filter: DeadLetterFilter = {}): DeadLetterRow[] {
    this.beforeBatched()
    return findDeadLetters(this.connection, filter)
  }

  /** How many are kept: limits.deadLettersPerKernel for each kernel at most. */
  deadLetterCount(filter?: string | DeadLetterFilter): number {
    this.beforeBatched()
    return countDeadLetters(this.connection, typeof filter === 'string' ? { kernel: filter } : filter)
  }

  /** When each playbook was used last, and how that ended; playbooks that never were are not there. */
  lastPlaybookUses(): PlaybookUse[] {
    const sql = `${playbookUseTable.selectSql} WHERE rowid IN (SELECT max(rowid) FROM playbookUses GROUP BY kernel, playbook)`
    return this.connection.all(sql).map((row) => playbookUseTable.parse(row))
  }

  /** All of them, for one kernel or for every one. */
  parkedMessages(kernel?: string): PoisonRow[] {
    return findParked(this.connection, kernel)
  }

  /** All of them, for one kernel or for every one. */
  parkedPatterns(kernel?: string): ParkedPatternRow[] {
    return findParkedPatterns(this.connection, kernel)
  }

  /** The newest hotfix in force, on probation or steady. */
  activeHotfix(kernel: string): HotfixRow | undefined {
    const [newest] = hotfixTable.find(this.connection, { kernel, status: 'probation' }, newestFirst, 1)
    const [steady] = hotfixTable.find(this.connection, { kernel, status: 'steady' }, newestFirst, 1)
    if (newest === undefined || steady === undefined) return newest ?? steady
    return steady.at > newest.at ? steady : newest
  }

  hotfix(id: string): HotfixRow | undefined {
    return hotfixTable.findOne(this.connection, { id })
  }

  hotfixes(kernel?: string): HotfixRow[] {
    return hotfixTable.find(this.connection, { kernel }, newestFirst)
  }

  /** Repairs applied to a kernel after a moment, whatever became of them: when, the latest first. Epoch milliseconds. */
  repairsApplied(kernel: string, afterMs: number): number[] {
    const sql = 'SELECT at FROM hotfixes WHERE kernel = ? AND at > ? ORDER BY at DESC'
    return this.connection.all(sql, [kernel, afterMs]).map(({ at }) => Number(at))
  }

  /** Undefined where nobody has set it. */
  setting(name: SettingRow['name']): SettingRow | undefined {
    return settingTable.findOne(this.connection, { name })
  }

  /** What playbooks did for one incident. */
  playbookUses(incident: string): PlaybookUse[] {
    return playbookUseTable.find(this.connection, { incident }, newestFirst)
  }

  playbookStats(playbook: string): PlaybookStats {
    const count = (outcome: string) => {
      const sql = 'SELECT count(*) AS count FROM playbookUses WHERE playbook = ? AND outcome = ?'
      return Number(this.connection.get(sql, [playbook, outcome])?.count ?? 0)
    }
    return { succeeded: count('succeeded'), failed: count('failed') }
  }

  /** What a kernel's playbook file said over time: newest first. */
  playbookVersions(kernel: string): PlaybookVersionRow[] {
    return findVersions(this.connection, kernel)
  }

  /** @param version default: the newest. */
  playbookVersion(kernel: string, version?: number): PlaybookVersionRow | undefined {
    return findVersion(this.connection, kernel, version)
  }

  /** In the order of their numbers: the first ones after `after`, or the last ones of all, or before `before`. */
  events(filter: EventFilter = {}): LazaretEvent[] {
    this.beforeBatched()
    return findEvents(this.connection, filter)
  }

  /** The number of the last event, 0 where there is none: where an EventStream goes on. */
  lastSeq(): number {
    return lastEventSeq(this.connection)
  }

  close(): void {
    this.connection.close()
  }

  /** Called before rows are read that are written in batches. */
  protected beforeBatched(): void {}
}

/**
 * Reads the journal of a runtime, running or not, without its lock.
 * @throws LazaretError NOT_FOUND where there is no journal; JOURNAL_FAILED where it cannot be read.
 */
export function openJournalReadOnly(dataDir: string): JournalReader {
  return new JournalReader(openForReading(journalPath(dataDir)))
}

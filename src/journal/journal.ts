/**
 * The runtime's memory on disk, one writer, on the main thread. A decision is on the disk when its method returns; the
 * caller acts afterwards, so that a kill -9 in between leaves a decision to be carried out again and never an effect that
 * nobody knows of. Events and dead letters are written in batches (batch.ts), before the next decision at the latest.
 * The directory's lock is taken by whoever opens this (lock.ts). It decides nothing.
 */
import type { Clock } from '../base/clock.ts'
import { LazaretError } from '../base/errors.ts'
import type { LazaretEvent } from '../base/events.ts'
import { Batch } from './batch.ts'
import type { Connection } from './connection.ts'
import { deadLetterRow, markReplayed } from './dead-letters.ts'
import { eventRow } from './events.ts'
import { journalPath, openForWriting } from './file.ts'
import { pruneAfter, pruneEvents, pruneFailures, pruneHistory } from './history.ts'
import { type PatternParking, parkPattern, unparkPatterns } from './parked-patterns.ts'
import { addVersion } from './playbook-versions.ts'
import { bump, type Crash, forgetAll, forgive, type Parking, park, unpark } from './poison.ts'
import { JournalReader } from './reader.ts'
import type {
  AttemptRow,
  DeadLetter,
  FailureRow,
  HotfixRow,
  IncidentRow,
  JournalNote,
  KernelRow,
  ParkedPatternRow,
  PlaybookUse,
  PlaybookVersionRow,
  PoisonRow,
  SettingRow,
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

/** Keys that may change. A key that is there with the value undefined is cleared. */
type Patch<Row, Fixed extends keyof Row> = { readonly [K in keyof Omit<Row, Fixed>]?: Omit<Row, Fixed>[K] | undefined }

/** Notes kept for whoever subscribes later. */
const keptNotes = 100

export class Journal extends JournalReader {
  readonly #clock: Clock
  readonly #batch: Batch
  readonly #notes: JournalNote[]
  #noteListener: ((note: JournalNote) => void) | undefined
  #lastSeq: number
  #incidentsOpened = 0

  private constructor(connection: Connection, clock: Clock, notes: JournalNote[]) {
    super(connection)
    this.#clock = clock
    this.#notes = notes
    this.#batch = new Batch(
      connection,
      clock,
      (rows) => pruneAfter(connection, rows),
      (note) => this.#note(note),
    )
    this.#lastSeq = super.lastSeq()
    pruneHistory(connection)
    pruneEvents(connection)
  }

  /**
   * Opens or makes `<dataDir>/journal.db`; the folder exists. A damaged file is set aside as
   * `journal.db.corrupt-<timestamp>`, what can be read of it is kept, and a note says so.
   * @throws LazaretError JOURNAL_FAILED where the file is a newer Lazaret's, or can neither be used nor replaced.
   */
  static open(dataDir: string, clock: Clock): Journal {
    const { connection, notes } = openForWriting(journalPath(dataDir), clock.now())
    try {
      return new Journal(connection, clock, notes)
    } catch (thrown) {
      connection.close()
      throw thrown
    }
  }

  /** What happened to the journal itself since it was opened, the last 100 of it. */
  get notes(): readonly JournalNote[] {
    return this.#notes
  }

  /** Calls the listener with the notes so far and with each later one. There is one listener: the runtime. */
  onNote(listener: (note: JournalNote) => void): void {
    this.#noteListener = listener
    for (const note of [...this.#notes]) listener(note)
  }

  /**
   * Several decisions at once: all of them are on the disk, or none. `run` is synchronous; one inside another joins it.
   * Events appended meanwhile are no part of it.
   */
  transaction<T>(run: () => T): T {
    this.#batch.flushUnlessFailing()
    return this.connection.transaction(run)
  }

  commitKernel(row: KernelRow): void {
    this.transaction(() => kernelTable.put(this.connection, row))
  }

  /** @throws LazaretError JOURNAL_FAILED where there is an incident of this id. */
  openIncident(row: IncidentRow): void {
    this.transaction(() => {
      incidentTable.insert(this.connection, row)
      this.#incidentsOpened += 1
      if (this.#incidentsOpened % 500 === 0) pruneHistory(this.connection)
    })
  }

  /** Returns the incident as it is now. @throws LazaretError NOT_FOUND */
  updateIncident(id: string, patch: Patch<IncidentRow, 'id' | 'kernel'>): IncidentRow {
    return this.transaction(() => {
      const row = { ...found('incident', id, this.incident(id)), ...patch } as IncidentRow
      incidentTable.put(this.connection, row)
      return row
    })
  }

  recordFailure(row: FailureRow): void {
    this.transaction(() => {
      failureTable.insert(this.connection, row)
      pruneFailures(this.connection, row.kernel)
    })
  }

  /** Adds an attempt, or replaces the one of the same incident and number: it may be recorded at every step. */
  recordAttempt(row: AttemptRow): void {
    this.transaction(() => attemptTable.put(this.connection, row))
  }

  /** @throws LazaretError JOURNAL_FAILED where there is a task of this id. */
  createTask(row: TaskRow): void {
    this.transaction(() => taskTable.insert(this.connection, row))
  }

  /** Returns the task as it is now. @throws LazaretError NOT_FOUND */
  updateTask(id: string, patch: Patch<TaskRow, 'id' | 'kernel' | 'incident'>): TaskRow {
    return this.transaction(() => {
      const row = { ...found('task', id, this.task(id)), ...patch } as TaskRow
      taskTable.put(this.connection, row)
      return row
    })
  }

  /** Queued. */
  addDeadLetter(letter: DeadLetter): void {
    this.connection.assertOpen('addDeadLetter')
    this.#batch.add(deadLetterRow(letter))
  }

  /** What became of a dead letter that is sent again. @param replayedAt undefined: it may be sent again once more. */
  markReplayed(id: number, outcome: string, replayedAt: number | undefined): void {
    this.transaction(() => markReplayed(this.connection, id, outcome, replayedAt))
  }

  /** Counts one more crash while this message was being handled; returns how many there are now. */
  bumpPoison(crash: Crash): number {
    return this.transaction(() => bump(this.connection, crash, this.#clock.now()))
  }

  parkMessage(parking: Parking): void {
    this.transaction(() => park(this.connection, parking, this.#clock.now()))
  }

  /** What crashed with this failure gets another chance, but for what a repair has parked. Returns what was parked. */
  forgivePoison(kernel: string, fingerprint: string): PoisonRow[] {
    return this.transaction(() => forgive(this.connection, kernel, fingerprint))
  }

  /** Every message of a kernel gets another chance. Returns what was parked. */
  forgetPoison(kernel: string): PoisonRow[] {
    return this.transaction(() => forgetAll(this.connection, kernel))
  }

  /** Forgets its crashes too. False where no such message is parked. */
  unparkMessage(kernel: string, method: string, argsSha256: string): boolean {
    return this.transaction(() => unpark(this.connection, kernel, method, argsSha256))
  }

  /** Nothing where the same pattern is parked already. */
  parkPattern(parking: PatternParking): void {
    this.transaction(() => parkPattern(this.connection, parking, this.#clock.now()))
  }

  /** Forgets what this repair has parked; without one, every pattern of the kernel. Returns what was parked. */
  unparkPatterns(kernel: string, hotfix?: string): ParkedPatternRow[] {
    return this.transaction(() => unparkPatterns(this.connection, kernel, hotfix))
  }

  /** Adds a hotfix, or replaces the one of the same id. */
  putHotfix(row: HotfixRow): void {
    this.transaction(() => hotfixTable.put(this.connection, row))
  }

  /** Returns the hotfix as it is now. @throws LazaretError NOT_FOUND */
  updateHotfix(id: string, patch: Patch<HotfixRow, 'id' | 'kernel'>): HotfixRow {
    return this.transaction(() => {
      const row = { ...found('hotfix', id, this.hotfix(id)), ...patch } as HotfixRow
      hotfixTable.put(this.connection, row)
      return row
    })
  }

  putSetting(row: SettingRow): void {
    this.transaction(() => settingTable.put(this.connection, row))
  }

  playbookUse(use: PlaybookUse): void {
    this.transaction(() => playbookUseTable.insert(this.connection, use))
  }

  /** Adds the next version of a kernel's playbook file and returns its number; the oldest go past limits.playbookVersions. */
  addPlaybookVersion(row: Omit<PlaybookVersionRow, 'version'>): number {
    return this.transaction(() => addVersion(this.connection, row))
  }

  /**
   * Queued: written within limits.journalBatchMs, or when limits.journalBatchRows wait. A kill -9 may take the last ones.
   * @throws LazaretError JOURNAL_FAILED where its number is not above the last one: the stream was started without lastSeq().
   */
  append(event: LazaretEvent): void {
    this.connection.assertOpen('append')
    if (!Number.isSafeInteger(event.seq) || event.seq <= this.#lastSeq) {
      throw new LazaretError(
        'JOURNAL_FAILED',
        `Event ${event.seq} (${event.type}) comes after event ${this.#lastSeq}`,
        {
          details: { seq: event.seq, lastSeq: this.#lastSeq, type: event.type },
          hint: 'Start the event stream with lastSeq() of this journal.',
        },
      )
    }
    this.#lastSeq = event.seq
    this.#batch.add(eventRow(event))
  }

  /** Those that are still queued count too. */
  override lastSeq(): number {
    return this.#lastSeq
  }

  get isOpen(): boolean {
    return this.connection.isOpen
  }

  /** Writes what is queued. @throws LazaretError JOURNAL_FAILED; it stays queued then. */
  flush(): void {
    this.#batch.flush()
  }

  /** Writes what is queued and closes the file, which happens in any case. Safe to call twice. @throws LazaretError JOURNAL_FAILED */
  override close(): void {
    if (!this.connection.isOpen) return
    try {
      this.#batch.flush()
    } finally {
      this.#batch.stop()
      this.connection.close()
    }
  }

  protected override beforeBatched(): void {
    this.#batch.flushUnlessFailing()
  }

  #note(note: JournalNote): void {
    this.#notes.push(note)
    if (this.#notes.length > keptNotes) this.#notes.shift()
    this.#noteListener?.(note)
  }
}

function found<Row>(kind: string, id: string, row: Row | undefined): Row {
  if (row !== undefined) return row
  throw new LazaretError('NOT_FOUND', `There is no ${kind} ${id} in the journal`, { details: { kind, id } })
}

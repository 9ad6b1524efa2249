/**
 * What need not be on the disk before the next step (events, dead letters) waits here and is written in one transaction,
 * by one timer that keeps no process alive. A disk that refuses is told once, tried again now and then, and loses the
 * oldest rows only when too many wait; nothing here throws into a listener or a timer.
 */
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'
import { type Connection, isRefusedRow, type SqlValue } from './connection.ts'
import type { JournalNote } from './rows.ts'

export interface QueuedRow {
  readonly sql: string
  readonly values: readonly SqlValue[]
  /** The kernel, where it is a dead letter; else it is an event. */
  readonly deadLetterOf?: string
}

export class Batch {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #prune: (rows: readonly QueuedRow[]) => void
  readonly #note: (note: JournalNote) => void
  #rows: QueuedRow[] = []
  #timer: unknown
  #failing = false
  #dropped = 0

  /** @param prune called within the transaction that writes these rows. */
  constructor(
    connection: Connection,
    clock: Clock,
    prune: (rows: readonly QueuedRow[]) => void,
    note: (note: JournalNote) => void,
  ) {
    this.#connection = connection
    this.#clock = clock
    this.#prune = prune
    this.#note = note
  }

  /** Queues a row, and writes the queue where it is full. */
  add(row: QueuedRow): void {
    this.#rows.push(row)
    if (this.#rows.length > limits.journalQueueRows) {
      this.#rows.shift()
      this.#dropped += 1
    }
    const full = this.#rows.length >= limits.journalBatchRows
    // While the disk refuses, only the timer tries: each try may stand still for limits.journalBusyMs.
    if (full && !this.#failing && !this.#connection.inTransaction) this.flushQuietly()
    else this.#arm()
  }

  /** Writes what waits; within a transaction it waits on. @throws LazaretError JOURNAL_FAILED; the rows wait on then. */
  flush(): void {
    if (this.#rows.length === 0 || this.#connection.inTransaction) return
    const count = this.#rows.length
    const refused = this.#connection.transaction(() => this.#write())
    this.#rows = this.#rows.slice(count)
    this.#disarm()
    if (refused !== undefined) this.#note({ type: 'journal.failed', facts: { error: toRecord(refused) } })
    if (!this.#failing) return
    this.#failing = false
    this.#note({ type: 'journal.resumed', facts: { dropped: this.#dropped } })
    this.#dropped = 0
  }

  /** As flush, but a failure becomes a note, once until it works again. */
  flushQuietly(): void {
    try {
      this.flush()
    } catch (thrown) {
      this.#disarm()
      const first = !this.#failing
      this.#failing = true
      this.#arm()
      if (first) this.#note({ type: 'journal.failed', facts: { error: toRecord(thrown), waiting: this.#rows.length } })
    }
  }

  /** Before a decision or a reading: while the disk refuses, these need not wait for another refusal. */
  flushUnlessFailing(): void {
    if (!this.#failing) this.flushQuietly()
  }

  /** What still waits is given up. */
  stop(): void {
    this.#disarm()
    this.#rows = []
  }

  /** Returns the error of a row that will never be accepted, if there was one: it is left out, the others are written. */
  #write(): unknown {
    let refused: unknown
    for (const row of this.#rows) {
      try {
        this.#connection.run(row.sql, row.values)
      } catch (thrown) {
        if (!isRefusedRow(thrown)) throw thrown
        refused = thrown
      }
    }
    this.#prune(this.#rows)
    return refused
  }

  #arm(): void {
    if (this.#timer !== undefined) return
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = undefined
        this.flushQuietly()
      },
      this.#failing ? limits.journalRetryMs : limits.journalBatchMs,
    )
    unrefTimer(this.#timer)
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

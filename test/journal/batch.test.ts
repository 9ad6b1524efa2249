import { join } from 'node:path'
import * as sqlite from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { Journal } from '../../src/journal/journal.ts'
import { type JournalReader, openJournalReadOnly } from '../../src/journal/reader.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { errorOf, testFolder } from './folder.ts'
import { deadLetter, event, kernelRow } from './samples.ts'

interface Opened {
  readonly dataDir: string
  readonly journal: Journal
  readonly clock: ManualClock
  /** Sees what is on the disk, not what is queued. */
  readonly disk: JournalReader
}

function open(): Opened {
  const dataDir = testFolder()
  const clock = new ManualClock()
  const journal = Journal.open(dataDir, clock)
  const disk = openJournalReadOnly(dataDir)
  onTestFinished(() => {
    disk.close()
    journal.close()
  })
  return { dataDir, journal, clock, disk }
}

test('events wait for the timer, which is one for all of them', () => {
  const { journal, clock, disk } = open()
  for (let seq = 1; seq <= 3; seq += 1) journal.append(event(seq))
  expect(clock.pending()).toBe(1)
  clock.advance(limits.journalBatchMs - 1)
  expect(disk.lastSeq()).toBe(0)
  clock.advance(1)
  expect(disk.lastSeq()).toBe(3)
  expect(clock.pending()).toBe(0)
})

test('a full batch does not wait for the timer', () => {
  const { journal, clock, disk } = open()
  for (let seq = 1; seq < limits.journalBatchRows; seq += 1) journal.append(event(seq))
  expect(disk.lastSeq()).toBe(0)
  journal.append(event(limits.journalBatchRows))
  expect(disk.lastSeq()).toBe(limits.journalBatchRows)
  expect(clock.pending()).toBe(0)
})

test('a decision takes the events before it to the disk', () => {
  const { journal, disk } = open()
  journal.append(event(1))
  journal.commitKernel(kernelRow())
  expect(disk.lastSeq()).toBe(1)
})

test('events of a transaction that fails are kept all the same', () => {
  const { journal, disk } = open()
  const failing = () =>
    journal.transaction(() => {
      for (let seq = 1; seq <= limits.journalBatchRows; seq += 1) journal.append(event(seq))
      throw new Error('no')
    })
  expect(failing).toThrow('no')
  journal.flush()
  expect(disk.lastSeq()).toBe(limits.journalBatchRows)
})

test('closing and reading write what is queued', () => {
  const { dataDir, journal } = open()
  journal.append(event(1))
  expect(journal.events()).toEqual([event(1)])
  journal.addDeadLetter(deadLetter())
  expect(journal.deadLetterCount()).toBe(1)
  journal.append(event(2))
  journal.close()
  const reader = openJournalReadOnly(dataDir)
  expect(reader.events()).toEqual([event(1), event(2)])
  reader.close()
})

test('events are found by number, kernel and type; without a number the last ones come', () => {
  const { journal } = open()
  journal.append(event(1))
  journal.append(event(2, { type: 'kernel.crashed', error: { name: 'Error', message: 'x' } }))
  journal.append(event(3, { kernel: 'beta' }))
  const { kernel: _none, ...aboutRuntime } = event(4, { type: 'runtime.stopped' })
  journal.append(aboutRuntime)
  const numbers = (filter: Parameters<Journal['events']>[0]) => journal.events(filter).map((found) => found.seq)
  expect(numbers({})).toEqual([1, 2, 3, 4])
  expect(numbers({ limit: 2 })).toEqual([3, 4])
  expect(numbers({ after: 1, limit: 2 })).toEqual([2, 3])
  expect(numbers({ after: 4 })).toEqual([])
  expect(numbers({ kernel: 'alpha' })).toEqual([1, 2])
  expect(numbers({ kernel: 'alpha', type: 'kernel.crashed', after: 0 })).toEqual([2])
  expect(journal.events({ after: 3 })).toEqual([aboutRuntime])
})

test('an event whose number is not above the last one is refused', () => {
  const { journal } = open()
  journal.append(event(5))
  for (const seq of [5, 4, Number.NaN]) expect(errorOf(() => journal.append(event(seq))).hint).toContain('lastSeq')
  expect(journal.lastSeq()).toBe(5)
})

test('facts that cannot be written or are too long never lose the event', () => {
  const { journal } = open()
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  journal.append(event(1, { cycle }))
  journal.append(event(2, { big: 10n, error: new TypeError('x'), bytes: new Uint8Array(7) }))
  journal.append(event(3, { text: 'y'.repeat(limits.journalEventChars), small: 'kept' }))
  journal.append(event(4, { list: Array.from({ length: limits.journalEventChars }, (_, n) => n) }))
  const [first, second, third, fourth] = journal.events()
  expect(first).toMatchObject({ seq: 1, type: 'kernel.started', factsUnwritable: expect.stringContaining('circular') })
  expect(second).toMatchObject({ big: '10n', error: { name: 'TypeError', message: 'x' }, bytes: { bytes: 7 } })
  expect(third).toMatchObject({ seq: 3, small: 'kept', text: expect.stringContaining('more characters') })
  expect(fourth).toMatchObject({ seq: 4, names: ['list'], factsTooLong: expect.any(Number) })
})

test('arguments of a dead letter are kept up to the limit, and one byte more is cut and said', () => {
  const { journal } = open()
  const exact = new Uint8Array(limits.deadLetterBytes).fill(7)
  const larger = new Uint8Array(limits.deadLetterBytes + 1).fill(8)
  journal.addDeadLetter(deadLetter({ args: exact }))
  journal.addDeadLetter(deadLetter({ args: larger, kernel: 'beta' }))
  journal.addDeadLetter(deadLetter())
  exact.fill(0)
  const [none, cut, whole] = journal.deadLetters()
  expect(none).toEqual({ id: 3, ...deadLetter() })
  expect(cut).toMatchObject({ argsBytes: limits.deadLetterBytes + 1, args: larger.subarray(0, limits.deadLetterBytes) })
  expect(whole).toMatchObject({
    argsBytes: limits.deadLetterBytes,
    args: new Uint8Array(limits.deadLetterBytes).fill(7),
  })
  expect(journal.deadLetters({ kernel: 'beta' })).toHaveLength(1)
  expect(journal.deadLetterCount('alpha')).toBe(2)
})

test('a row that is refused is left out and noted, and the others of its batch are written', () => {
  const { journal } = open()
  journal.append(event(1))
  journal.append(event(2, { at: Number.NaN }))
  journal.addDeadLetter({ ...deadLetter(), reason: undefined as unknown as string })
  journal.append(event(3))
  journal.flush()
  expect(journal.events().map((found) => found.seq)).toEqual([1, 3])
  expect(journal.deadLetterCount()).toBe(0)
  expect(journal.notes.map((note) => note.type)).toEqual(['journal.failed'])
})

test('a journal that another program holds is noted once, tried again, and loses nothing', () => {
  const { dataDir, journal, clock } = open()
  const seen: string[] = []
  journal.onNote((note) => seen.push(note.type))
  const other = new sqlite.DatabaseSync(join(dataDir, 'journal.db'))
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  journal.append(event(1))
  clock.advance(limits.journalBatchMs)
  expect(seen).toEqual(['journal.failed'])
  // A full batch does not make the host stand still again.
  for (let seq = 2; seq <= limits.journalBatchRows + 1; seq += 1) journal.append(event(seq))
  expect(clock.delays.at(-1)).toBe(limits.journalRetryMs)
  const refused = errorOf(() => journal.commitKernel(kernelRow()))
  expect(refused.code).toBe('JOURNAL_FAILED')
  expect(refused.hint).toContain('Another process')
  other.exec('ROLLBACK')
  clock.advance(limits.journalRetryMs)
  expect(seen).toEqual(['journal.failed', 'journal.resumed'])
  expect(journal.notes.at(-1)?.facts).toEqual({ dropped: 0 })
  expect(journal.events({ limit: 1 })[0]?.seq).toBe(limits.journalBatchRows + 1)
  expect(journal.events({ after: 0, limit: 1 })[0]?.seq).toBe(1)
})

test('the oldest rows go when too many wait, and their number is told', () => {
  const { dataDir, journal, clock } = open()
  const other = new sqlite.DatabaseSync(join(dataDir, 'journal.db'))
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  journal.append(event(1))
  clock.advance(limits.journalBatchMs)
  for (let seq = 2; seq <= limits.journalQueueRows + 3; seq += 1) journal.append(event(seq))
  other.exec('ROLLBACK')
  clock.advance(limits.journalRetryMs)
  expect(journal.notes.at(-1)).toEqual({ type: 'journal.resumed', facts: { dropped: 3 } })
  expect(journal.events({ after: 0, limit: 1 })[0]?.seq).toBe(4)
  expect(journal.lastSeq()).toBe(limits.journalQueueRows + 3)
})

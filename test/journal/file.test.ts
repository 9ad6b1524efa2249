import { closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as sqlite from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { Journal } from '../../src/journal/journal.ts'
import { openJournalReadOnly } from '../../src/journal/reader.ts'
import { schemaVersion } from '../../src/journal/schema.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { errorOf, testFolder } from './folder.ts'
import { event, hotfixRow, incidentRow, kernelRow, taskRow } from './samples.ts'

function openJournal(dataDir: string): Journal {
  const journal = Journal.open(dataDir, new ManualClock(Date.UTC(2026, 10, 24, 4, 15, 3, 123)))
  onTestFinished(() => journal.close())
  return journal
}

/** Writes garbage over everything from this offset on. */
function damage(path: string, offset: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(statSync(path).size - offset, 0xee), 0, undefined, offset)
  closeSync(file)
}

test('a new journal is for its owner only, and holds nothing', () => {
  const dataDir = testFolder()
  const journal = openJournal(dataDir)
  expect(statSync(join(dataDir, 'journal.db')).mode & 0o777).toBe(0o600)
  expect([journal.kernelRows(), journal.incidents(), journal.events(), journal.notes]).toEqual([[], [], [], []])
  expect(journal.lastSeq()).toBe(0)
  journal.close()
  expect(readdirSync(dataDir)).toEqual(['journal.db'])
})

test('an empty file is a new journal', () => {
  const dataDir = testFolder()
  writeFileSync(join(dataDir, 'journal.db'), '')
  expect(openJournal(dataDir).notes).toEqual([])
})

test('a file that is no journal is set aside, and the note names it', () => {
  const dataDir = testFolder()
  writeFileSync(join(dataDir, 'journal.db'), 'garbage '.repeat(1000))
  const journal = openJournal(dataDir)
  const movedTo = join(dataDir, 'journal.db.corrupt-20261124T041503123Z')
  expect(existsSync(movedTo)).toBe(true)
  expect(journal.notes).toMatchObject([{ type: 'journal.setAside', facts: { movedTo } }])
  const seen: unknown[] = []
  journal.onNote((note) => seen.push(note.facts.movedTo))
  expect(seen).toEqual([movedTo])
  journal.commitKernel(kernelRow())
  journal.close()
  expect(openJournal(dataDir).notes).toEqual([])
})

test('two damaged files of one moment are both kept', () => {
  const dataDir = testFolder()
  for (let n = 0; n < 2; n += 1) {
    writeFileSync(join(dataDir, 'journal.db'), 'garbage '.repeat(1000))
    openJournal(dataDir).close()
  }
  expect(readdirSync(dataDir).filter((name) => name.includes('corrupt'))).toHaveLength(2)
})

test('what can still be read of a damaged journal is kept: kernels stay where they were', () => {
  const dataDir = testFolder()
  const path = join(dataDir, 'journal.db')
  const first = openJournal(dataDir)
  first.commitKernel(kernelRow())
  first.openIncident(incidentRow())
  first.createTask(taskRow())
  first.putHotfix(hotfixRow())
  first.parkMessage({ kernel: 'alpha', method: 'add', argsSha256: 'aa', reason: 'poison' })
  for (let seq = 1; seq <= 3000; seq += 1) first.append(event(seq, { text: 'x'.repeat(300) }))
  first.close()
  damage(path, Math.floor(statSync(path).size / 2))

  const journal = openJournal(dataDir)
  expect(journal.notes[0]).toMatchObject({
    type: 'journal.setAside',
    facts: { kept: { kernels: 1, incidents: 1, tasks: 1, hotfixes: 1, poison: 1 } },
  })
  expect(journal.kernelRows()).toEqual([kernelRow()])
  expect(journal.openIncidentFor('alpha')).toEqual(incidentRow())
  expect(journal.task('task_1')).toEqual(taskRow())
  expect(journal.activeHotfix('alpha')).toEqual(hotfixRow())
  expect(journal.parkedMessages()).toHaveLength(1)
})

test('a journal of a newer version is refused, untouched, for writing and for reading', () => {
  const dataDir = testFolder()
  openJournal(dataDir).close()
  const newer = new sqlite.DatabaseSync(join(dataDir, 'journal.db'))
  newer.exec(`PRAGMA user_version = ${schemaVersion + 1}`)
  newer.close()
  for (const open of [() => openJournal(dataDir), () => openJournalReadOnly(dataDir)]) {
    const refused = errorOf(open)
    expect(refused.code).toBe('JOURNAL_FAILED')
    expect(refused.message).toContain(`version ${schemaVersion + 1}`)
    expect(refused.hint).toContain('Update Lazaret')
  }
  expect(readdirSync(dataDir).filter((name) => name.includes('corrupt'))).toEqual([])
})

test('a journal that cannot be opened at all is refused with the way out', () => {
  const dataDir = testFolder()
  mkdirSync(join(dataDir, 'journal.db'))
  const refused = errorOf(() => openJournal(dataDir))
  expect(refused.code).toBe('JOURNAL_FAILED')
  expect(refused.hint).toContain('Look whether')
  expect(errorOf(() => openJournal(join(dataDir, 'missing'))).hint).toContain('dataDir')
})

test('reading where there is no journal is an error that says what to do', () => {
  const dataDir = testFolder()
  const refused = errorOf(() => openJournalReadOnly(dataDir))
  expect(refused.code).toBe('NOT_FOUND')
  expect(refused.hint).toContain('dataDir')
  expect(readdirSync(dataDir)).toEqual([])
  writeFileSync(join(dataDir, 'journal.db'), '')
  expect(errorOf(() => openJournalReadOnly(dataDir)).code).toBe('NOT_FOUND')
})

test('a reader of a damaged journal is told that the next start mends it, and changes nothing', () => {
  const dataDir = testFolder()
  writeFileSync(join(dataDir, 'journal.db'), 'garbage '.repeat(1000))
  const refused = errorOf(() => openJournalReadOnly(dataDir))
  expect(refused.code).toBe('JOURNAL_FAILED')
  expect(refused.hint).toContain('Start the runtime again')
  expect(readdirSync(dataDir)).toEqual(['journal.db'])
})

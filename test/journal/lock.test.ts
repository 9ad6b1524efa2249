import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Journal } from '../../src/journal/journal.ts'
import { acquireDataDirLock } from '../../src/journal/lock.ts'
import { openJournalReadOnly } from '../../src/journal/reader.ts'
import { errorOf, testFolder } from './folder.ts'
import { kernelRow } from './samples.ts'

test('a second runtime in the same process is refused, and told who holds the directory', () => {
  const dataDir = testFolder()
  const lock = acquireDataDirLock(dataDir)
  onTestFinished(() => lock.release())
  const refused = errorOf(() => acquireDataDirLock(join(dataDir, '..', dataDir.split('/').at(-1) ?? '')))
  expect(refused.code).toBe('DATA_DIR_IN_USE')
  expect(refused.message).toContain('this very process')
  expect(refused.details).toEqual({ dataDir, pid: process.pid })
  expect(refused.hint).toContain('another dataDir')
})

test('a released directory can be taken again, and a second release frees nobody else', () => {
  const dataDir = testFolder()
  const first = acquireDataDirLock(dataDir)
  first.release()
  const second = acquireDataDirLock(dataDir)
  onTestFinished(() => second.release())
  first.release()
  expect(errorOf(() => acquireDataDirLock(dataDir)).code).toBe('DATA_DIR_IN_USE')
})

test('a missing directory is made, for its owner only', () => {
  const dataDir = join(testFolder(), 'deep', 'data')
  const lock = acquireDataDirLock(dataDir)
  expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  lock.release()
  expect(readdirSync(dataDir)).toEqual(['lock.db'])
})

test('the journal is read by others while the directory is locked', () => {
  const dataDir = testFolder()
  const lock = acquireDataDirLock(dataDir)
  const journal = Journal.open(dataDir, systemClock)
  onTestFinished(() => {
    journal.close()
    lock.release()
  })
  journal.commitKernel(kernelRow())
  const reader = openJournalReadOnly(dataDir)
  expect(reader.kernelRows()).toEqual([kernelRow()])
  journal.commitKernel(kernelRow({ state: 'running.steady' }))
  expect(reader.kernelRows()[0]?.state).toBe('running.steady')
  reader.close()
})

test('a holder whose note is missing or names a dead process is reported without a pid', () => {
  const dataDir = testFolder()
  const lock = acquireDataDirLock(dataDir)
  onTestFinished(() => lock.release())
  for (const note of ['', '{"pid":"x"}', `{"pid":${process.pid},"host":"another-host"}`]) {
    writeFileSync(join(dataDir, 'lock.json'), note)
    const refused = errorOf(() => acquireDataDirLock(dataDir))
    expect(refused.code).toBe('DATA_DIR_IN_USE')
    expect(refused.details).toEqual({ dataDir })
  }
})

test('a data directory that is a file, and a lock file that is something else, are refused with the way out', () => {
  const folder = testFolder()
  const file = join(folder, 'file')
  writeFileSync(file, 'text')
  const refused = errorOf(() => acquireDataDirLock(file))
  expect(refused.code).toBe('JOURNAL_FAILED')
  expect(refused.hint).toContain('folder')

  writeFileSync(join(folder, 'lock.db'), 'x'.repeat(4096))
  const noLock = errorOf(() => acquireDataDirLock(folder))
  expect(noLock.code).toBe('JOURNAL_FAILED')
  expect(noLock.hint).toContain('delete the file')
  expect(existsSync(join(folder, 'lock.json'))).toBe(false)
})

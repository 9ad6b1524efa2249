import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Journal } from '../../src/journal/journal.ts'
import { acquireDataDirLock } from '../../src/journal/lock.ts'
import { openJournalReadOnly } from '../../src/journal/reader.ts'
import { errorOf, testFolder } from './folder.ts'
import { incidentRow } from './samples.ts'

const deadline = () => ({ signal: AbortSignal.timeout(20_000) })

/** Resolves when the writer has said that its rows are written. */
async function startWriter(dataDir: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url))
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [text] = await Promise.race([
    once(child.stdout, 'data', deadline()),
    once(child, 'exit', deadline()).then(([code]) => [`the writer ended with ${String(code)}`]),
  ])
  expect(String(text)).toBe('written\n')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit', deadline())
  child.kill('SIGKILL')
  await exit
}

test('a kill -9 keeps every decision, takes back the half transaction, and frees the lock', async () => {
  const dataDir = testFolder()
  const child = await startWriter(dataDir)

  const refused = errorOf(() => acquireDataDirLock(dataDir))
  expect(refused.code).toBe('DATA_DIR_IN_USE')
  expect(refused.details).toEqual({ dataDir, pid: child.pid })
  await kill(child)

  const reader = openJournalReadOnly(dataDir)
  expect(reader.kernelRows()).toHaveLength(200)
  reader.close()

  const lock = acquireDataDirLock(dataDir)
  onTestFinished(() => lock.release())
  const journal = Journal.open(dataDir, systemClock)
  expect(journal.notes).toEqual([])
  expect(journal.kernelRows()).toHaveLength(200)
  expect(journal.incident('inc_1')).toEqual(incidentRow())
  expect(journal.activeHotfix('alpha')?.status).toBe('probation')
  // The events came before the decisions, so they are there as well, those of the unfinished batch included.
  expect(journal.lastSeq()).toBe(700)
  journal.close()
})

test('readers see the journal of a runtime that is running', async () => {
  const dataDir = testFolder()
  const child = await startWriter(dataDir)
  const reader = openJournalReadOnly(dataDir)
  onTestFinished(() => reader.close())
  expect(reader.kernelRows()).toHaveLength(200)
  expect(reader.activeHotfix('alpha')?.status).toBe('probation')
  expect(reader.events({ limit: 2 }).map((event) => event.seq)).toEqual([699, 700])
  await kill(child)
  expect(reader.activeHotfix('alpha')?.status).toBe('probation')
})

/**
 * One runtime to a data directory. The lock is an exclusive transaction on `lock.db` that is never ended: the operating
 * system frees it when the process dies, however it dies, so there is nothing to clean up and no age to guess from.
 * The holder's pid stands in a file of its own, for people; the lock does not depend on it. Nobody may open lock.db with
 * `fs` in this process: POSIX drops a process's locks on a file when it closes any descriptor of it.
 * Readers of journal.db are not concerned.
 */
import { readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { LazaretError } from '../base/errors.ts'
import { makeFolder } from '../base/folder.ts'
import { limits } from '../base/limits.ts'
import { Connection, isBusy, isDamage } from './connection.ts'

export interface DataDirLock {
  /** Safe to call twice. */
  release(): void
}

/** A connection that nobody refers to is closed by the garbage collector, and its lock goes with it. */
const held = new Set<Connection>()

/**
 * Takes the directory, which is made (mode 0700) where it is missing.
 * @throws LazaretError DATA_DIR_IN_USE while another runtime has it, in this process or another (details: dataDir, and
 * pid where it is known); JOURNAL_FAILED where the directory cannot be used at all.
 */
export function acquireDataDirLock(dataDir: string): DataDirLock {
  const folder = resolve(dataDir)
  makeDataDir(folder)
  const pidFile = join(folder, 'lock.json')
  const connection = new Connection(join(folder, 'lock.db'), { busyMs: limits.journalLockWaitMs })
  try {
    // Nothing is ever written, so no journal file beside it is wanted.
    connection.exec('PRAGMA journal_mode = MEMORY')
    connection.exec('BEGIN EXCLUSIVE')
  } catch (thrown) {
    connection.close()
    if (isBusy(thrown)) throw inUse(folder, holderPid(pidFile))
    if (isDamage(thrown)) {
      throw new LazaretError('JOURNAL_FAILED', `${connection.path} is no lock file of Lazaret`, {
        details: { path: connection.path },
        hint: 'Make sure that no runtime uses this directory, then delete the file: it holds no data.',
        cause: thrown,
      })
    }
    throw thrown
  }
  held.add(connection)
  writePid(pidFile)
  return {
    release() {
      if (!held.delete(connection)) return
      rmSync(pidFile, { force: true })
      connection.close()
    },
  }
}

/** @throws LazaretError JOURNAL_FAILED */
function makeDataDir(folder: string): void {
  try {
    makeFolder(folder, 0o700)
  } catch (thrown) {
    throw new LazaretError('JOURNAL_FAILED', `The data directory ${folder} cannot be made`, {
      details: { dataDir: folder },
      hint: 'Give a dataDir that is a folder, or can become one, and that this process may write to.',
      cause: thrown,
    })
  }
}

function inUse(dataDir: string, pid: number | undefined): LazaretError {
  const who = pid === undefined ? 'another runtime' : pid === process.pid ? 'this very process' : `process ${pid}`
  return new LazaretError('DATA_DIR_IN_USE', `The data directory ${dataDir} is in use by ${who}`, {
    details: { dataDir, ...(pid === undefined ? {} : { pid }) },
    hint: 'Stop that runtime first, or give this one another dataDir.',
  })
}

function writePid(pidFile: string): void {
  try {
    writeFileAtomic.sync(pidFile, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`, { mode: 0o600 })
  } catch {
    // The lock is held all the same; only the message to a second runtime is poorer, and never wrong.
    rmSync(pidFile, { force: true })
  }
}

function holderPid(pidFile: string): number | undefined {
  try {
    const { pid, host } = JSON.parse(readFileSync(pidFile, 'utf8')) as { pid?: unknown; host?: unknown }
    if (typeof pid !== 'number' || host !== hostname()) return undefined
    return isAlive(pid) ? pid : undefined
  } catch {
    // Not written yet, or not readable: then the holder is unknown, which is what is said.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (thrown) {
    // EPERM: it lives and belongs to somebody else.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}

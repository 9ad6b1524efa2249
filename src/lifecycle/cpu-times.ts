/**
 * How long each thread of this process ran and how long it waited for a CPU, as Linux counts it. Threads are found by
 * their names. Read synchronously: /proc answers from memory, and a thread pool may be what hangs (FACTS 0.8).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface CpuTimes {
  /** Milliseconds on a CPU since the thread began. */
  readonly runMs: number
  /** Milliseconds ready to run and without a CPU; undefined where the system does not count it. */
  readonly waitMs: number | undefined
}

export interface CpuTimeSource {
  /** Undefined where no thread, or more than one, has this name. */
  read(threadName: string): CpuTimes | undefined
  /** Names are looked up at most once a round. */
  newRound(): void
}

const tasksDir = '/proc/self/task'

/** Undefined elsewhere than on a Linux whose kernel keeps these counts. */
export function linuxCpuTimes(): CpuTimeSource | undefined {
  if (process.platform !== 'linux' || !existsSync(`${tasksDir}/${process.pid}/schedstat`)) return undefined
  return new LinuxCpuTimes()
}

/** Text of a file, undefined where the thread is gone. */
function readTask(tid: string, file: string): string | undefined {
  try {
    return readFileSync(`${tasksDir}/${tid}/${file}`, 'utf8').trim()
  } catch {
    // The thread ended between two reads: it has no times any longer.
    return undefined
  }
}

class LinuxCpuTimes implements CpuTimeSource {
  /** Thread ids by name; undefined for a name that several threads have. */
  #ids = new Map<string, string | undefined>()
  #scannedThisRound = false

  newRound(): void {
    this.#scannedThisRound = false
  }

  read(threadName: string): CpuTimes | undefined {
    const known = this.#ids.get(threadName)
    // Ids are given out again, so the name is checked each time.
    if (known === undefined || readTask(known, 'comm') !== threadName) this.#scan()
    const tid = this.#ids.get(threadName)
    const [run, wait] = tid === undefined ? [] : (readTask(tid, 'schedstat') ?? '').split(' ')
    if (run === undefined || wait === undefined) return undefined
    return { runMs: Number(run) / 1e6, waitMs: Number(wait) / 1e6 }
  }

  #scan(): void {
    if (this.#scannedThisRound) return
    this.#scannedThisRound = true
    this.#ids = new Map()
    for (const tid of readdirSync(tasksDir)) {
      const name = readTask(tid, 'comm')
      if (name !== undefined) this.#ids.set(name, this.#ids.has(name) ? undefined : tid)
    }
  }
}

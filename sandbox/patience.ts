/**
 * Whether a step of a candidate whose time is over has had its time. On a machine that is busy with other things a process
 * gets a share of a CPU only: what would be over in a second lasts three, and is no hang. What waits and uses no CPU is
 * given no more time, nor is what has used it up. It reads the clock of the process; the driver ends it.
 */
import { readFileSync } from 'node:fs'
import { limits } from '../src/base/limits.ts'

/** Of the step's time: what has used less is waiting for something, and more time would change nothing. */
const waitingShare = 0.1
/** Of it: what has used this much has had it. The clock of a process goes in steps of 10 ms. */
const spentShare = 0.9

export class Patience {
  readonly #boundMs: number
  readonly #cpuMs: () => number | undefined
  readonly #startedAtCpuMs: number
  #waitedMs: number

  /** @param cpuMs what the process has used since its start; undefined where the system does not tell. */
  constructor(boundMs: number, cpuMs: () => number | undefined) {
    this.#boundMs = boundMs
    this.#cpuMs = cpuMs
    this.#startedAtCpuMs = cpuMs() ?? 0
    this.#waitedMs = boundMs
  }

  /** How long to wait on now that the time is over. Milliseconds; 0 where it has had its time. */
  moreMs(): number {
    const usedMs = (this.#cpuMs() ?? 0) - this.#startedAtCpuMs
    const leftMs = limits.sandboxPatience * this.#boundMs - this.#waitedMs
    if (usedMs < waitingShare * this.#boundMs || usedMs >= spentShare * this.#boundMs || leftMs <= 0) return 0
    const moreMs = Math.min(leftMs, this.#boundMs - usedMs)
    this.#waitedMs += moreMs
    return moreMs
  }
}

/** Field 14 and 15 of /proc/<pid>/stat are in hundredths of a second, on every Linux that Node.js runs on. */
const tickMs = 10

/** User and system time of a process so far, all its threads; undefined where the system does not tell. */
export function cpuMsOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program stands in brackets and may hold any.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return Number.isFinite(ticks) ? ticks * tickMs : undefined
  } catch {
    // No /proc (macOS), or the process has just ended.
    return undefined
  }
}

/**
 * Which threads hang, judged from outside. A thread shows life by beating in its shared page or by an event loop that
 * was idle in between. One that shows none for its timeout is judged by its CPU time: it burnt its own (a spin), it
 * neither ran nor waited for a CPU (blocked), or it only waited for one (starved, and not guilty: FACTS B).
 *
 * One timer looks at all threads, and only while there are some. Nothing here ends a thread.
 */
import { word } from '../actor/protocol.ts'
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'
import { type CpuTimeSource, type CpuTimes, linuxCpuTimes } from './cpu-times.ts'

/** One look at a thread. */
export interface Look {
  /** Monotonic milliseconds. */
  readonly atMs: number
  readonly beat: number
  /** Milliseconds that its event loop has been idle; undefined where it could not be read. */
  readonly idleMs: number | undefined
  /** Read only while the thread is quiet; undefined where it could not be read. */
  readonly cpu?: CpuTimes | undefined
}

export type Pulse = 'alive' | 'quiet' | 'starved' | 'spinning' | 'blocked'

export interface JudgeOptions {
  readonly timeoutMs: number
  /** Part of the time since the last sign of life in which the host itself stood still. Default 0. */
  readonly excusedMs?: number
}

export interface HangVerdict {
  readonly kind: 'spinning' | 'blocked'
  /** Since the last sign of life. */
  readonly quietMs: number
  /** Own CPU time since then, where it could be read. */
  readonly cpuMs?: number
}

/** True where the later look shows that the thread lived since the earlier one. */
export function showsLife(earlier: Look, later: Look): boolean {
  if (earlier.beat !== later.beat) return true
  return earlier.idleMs !== undefined && later.idleMs !== undefined && later.idleMs > earlier.idleMs
}

/** Index of the last look that showed life. The first counts: nothing is known of the time before. */
function lastLife(history: readonly Look[]): number {
  for (let index = history.length - 1; index > 0; index -= 1) {
    const earlier = history[index - 1]
    const later = history[index]
    if (earlier !== undefined && later !== undefined && showsLife(earlier, later)) return index
  }
  return 0
}

/** CPU time since the last sign of life, from the looks that have it. */
function cpuSince(looks: readonly Look[]): { wallMs: number; runMs: number; waitMs: number | undefined } | undefined {
  const first = looks.find((look) => look.cpu !== undefined)
  const last = looks.findLast((look) => look.cpu !== undefined)
  if (first?.cpu === undefined || last?.cpu === undefined || first === last) return undefined
  const waitMs =
    first.cpu.waitMs === undefined || last.cpu.waitMs === undefined ? undefined : last.cpu.waitMs - first.cpu.waitMs
  return { wallMs: last.atMs - first.atMs, runMs: last.cpu.runMs - first.cpu.runMs, waitMs }
}

/**
 * Judges a thread by its looks, oldest first.
 * @param nowMs monotonic milliseconds.
 */
export function judge(history: readonly Look[], nowMs: number, { timeoutMs, excusedMs = 0 }: JudgeOptions): Pulse {
  const from = lastLife(history)
  const anchor = history[from]
  if (anchor === undefined || (from === history.length - 1 && nowMs <= anchor.atMs)) return 'alive'
  const quietMs = nowMs - anchor.atMs - excusedMs
  if (quietMs < timeoutMs) return 'quiet'
  const cpu = cpuSince(history.slice(from))
  const guiltyRunMs = Math.min(limits.hangCpuMs, timeoutMs * 0.75)
  if (cpu !== undefined && cpu.runMs >= guiltyRunMs) return 'spinning'
  if (cpu?.waitMs === undefined) {
    // Starving cannot be told from blocking here, so only a long time counts.
    return quietMs >= Math.max(timeoutMs, limits.hangWallMs) ? 'blocked' : 'starved'
  }
  const offMs = cpu.wallMs - excusedMs - cpu.runMs - cpu.waitMs
  if (offMs >= Math.min(limits.hangBlockedMs, timeoutMs)) return 'blocked'
  if (quietMs < timeoutMs + limits.hangStarvedMs) return 'starved'
  return cpu.runMs >= offMs ? 'spinning' : 'blocked'
}

export interface WatchTarget {
  readonly id: string
  /** As Linux shows it: 15 characters at most. */
  readonly threadName: string
  readonly page: Int32Array
  /** The worker's `performance.eventLoopUtilization()`. */
  elu(): { idle: number }
  /**
   * Asks the thread to beat as soon as its event loop turns. Called once a quiet spell, at half the timeout: on a full
   * machine the loop of a healthy thread may turn for a long time without ever being idle.
   */
  probe?(): void
  /** The worker's `cpuUsage()`: microseconds. Used where /proc is not readable. */
  cpuUsage?(): Promise<{ user: number; system: number }>
  readonly timeoutMs: number
  /** Called once; the thread is not watched any longer then. */
  onHang(verdict: HangVerdict): void
}

interface Watched {
  readonly target: WatchTarget
  /** The last look that showed life, the first quiet one with CPU times, and the newest: all that judge() needs. */
  looks: Look[]
  excusedMs: number
  probed: boolean
  /** The thread's last own answer, where /proc is not readable. */
  answer: CpuTimes | undefined
  answering: boolean
}

export class Heartbeat {
  readonly #clock: Clock
  readonly #report: (thrown: unknown, id: string) => void
  readonly #cpuTimes: CpuTimeSource | undefined
  readonly #watched = new Set<Watched>()
  #timer: unknown
  #dueAt = 0
  #wasLate = false

  /**
   * @param report called with what an onHang or elu callback throws.
   * @param cpuTimes undefined where CPU times of single threads cannot be read from outside.
   */
  constructor(
    clock: Clock,
    report: (thrown: unknown, id: string) => void,
    cpuTimes: CpuTimeSource | undefined = linuxCpuTimes(),
  ) {
    this.#clock = clock
    this.#report = report
    this.#cpuTimes = cpuTimes
  }

  /** Returns the function that ends the watch. Call it when the thread is told to end. */
  watch(target: WatchTarget): () => void {
    const watched: Watched = { target, looks: [], excusedMs: 0, probed: false, answer: undefined, answering: false }
    watched.looks.push(this.#look(watched))
    this.#watched.add(watched)
    if (this.#timer === undefined) this.#arm()
    return () => this.#unwatch(watched)
  }

  /** Forgets all threads and the timer. */
  stop(): void {
    this.#watched.clear()
    this.#disarm()
  }

  #unwatch(watched: Watched): void {
    this.#watched.delete(watched)
    if (this.#watched.size === 0) this.#disarm()
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#wasLate = false
  }

  #arm(): void {
    this.#dueAt = this.#clock.monotonicMs() + limits.heartbeatSweepMs
    this.#timer = this.#clock.setTimeout(() => this.#sweep(), limits.heartbeatSweepMs)
    unrefTimer(this.#timer)
  }

  #sweep(): void {
    this.#timer = undefined
    const lateMs = this.#clock.monotonicMs() - this.#dueAt
    const late = lateMs > limits.heartbeatSweepMs
    // The host stood still, perhaps the whole process did: the threads get that time back, and one round of grace.
    const skip = late && !this.#wasLate
    this.#wasLate = late
    this.#cpuTimes?.newRound()
    for (const watched of [...this.#watched]) {
      if (late) watched.excusedMs += lateMs
      const verdict = this.#examine(watched, skip)
      if (verdict === undefined) continue
      this.#watched.delete(watched)
      this.#call(watched, () => watched.target.onHang(verdict))
    }
    if (this.#watched.size > 0 && this.#timer === undefined) this.#arm()
  }

  #examine(watched: Watched, skip: boolean): HangVerdict | undefined {
    const anchor = watched.looks[0]
    const look = this.#look(watched)
    if (anchor === undefined || showsLife(anchor, look)) {
      watched.looks = [look]
      watched.excusedMs = 0
      watched.probed = false
      watched.answer = undefined
      return undefined
    }
    const newest = { ...look, cpu: this.#cpuOf(watched) }
    const baseline = watched.looks.find((one) => one.cpu !== undefined)
    watched.looks = [anchor, ...(baseline === undefined || baseline === anchor ? [] : [baseline]), newest]
    const { timeoutMs } = watched.target
    if (!watched.probed && newest.atMs - anchor.atMs >= timeoutMs / 2) {
      watched.probed = true
      this.#call(watched, () => watched.target.probe?.())
    }
    if (skip) return undefined
    const pulse = judge(watched.looks, newest.atMs, { timeoutMs, excusedMs: watched.excusedMs })
    if (pulse !== 'spinning' && pulse !== 'blocked') return undefined
    const cpu = cpuSince(watched.looks)
    return {
      kind: pulse,
      quietMs: Math.round(newest.atMs - anchor.atMs),
      ...(cpu === undefined ? {} : { cpuMs: Math.round(cpu.runMs) }),
    }
  }

  #look(watched: Watched): Look {
    const { target } = watched
    let idleMs: number | undefined
    this.#call(watched, () => {
      idleMs = target.elu().idle
    })
    return { atMs: this.#clock.monotonicMs(), beat: Atomics.load(target.page, word.beat), idleMs }
  }

  #cpuOf(watched: Watched): CpuTimes | undefined {
    const exact = this.#cpuTimes?.read(watched.target.threadName)
    if (exact !== undefined) return exact
    this.#askThread(watched)
    return watched.answer
  }

  /** The thread answers even while it spins in JavaScript; one that does not answer has no times to judge by. */
  #askThread(watched: Watched): void {
    const { target } = watched
    if (watched.answering || target.cpuUsage === undefined) return
    watched.answering = true
    const looks = watched.looks[0]
    target.cpuUsage().then(
      ({ user, system }) => {
        watched.answering = false
        // An answer from before a sign of life is of no use.
        if (looks === watched.looks[0]) watched.answer = { runMs: (user + system) / 1000, waitMs: undefined }
      },
      () => {
        // The thread is ending; its end is reported by whoever owns it.
        watched.answering = false
      },
    )
  }

  #call(watched: Watched, run: () => void): void {
    try {
      run()
    } catch (thrown) {
      this.#report(thrown, watched.target.id)
    }
  }
}

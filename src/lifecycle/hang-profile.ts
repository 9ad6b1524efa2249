/**
 * Where a thread that does not answer spends its time: a CPU profile, taken from outside through its inspector while it
 * goes on. It works within a spin and within Atomics.wait (FACTS B), not within a native call or a blocking system call.
 * What is made of it, and the ending of the thread, are the caller's business.
 */
import { limits } from '../base/limits.ts'
import { inTurn, nudgeMs } from './inspection-turn.ts'
import { type InspectorLine, type InspectorMessage, inspectorLine } from './inspector.ts'

/** In the format of V8 and of Chrome's tools: a `.cpuprofile`. */
export interface CpuProfile {
  readonly nodes: readonly CpuProfileNode[]
  /** Microseconds of a clock of its own. */
  readonly startTime: number
  readonly endTime: number
  /** Node of each sample, and the microseconds since the one before. */
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

export interface CpuProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly scriptId: string
    readonly url: string
    /** From 0; -1 where there is none. */
    readonly lineNumber: number
    readonly columnNumber: number
  }
  /** Samples in which it was innermost. */
  readonly hitCount?: number
  readonly children?: readonly number[]
  readonly deoptReason?: string
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[]
}

/**
 * @param thread the worker's name; one that was started since attachInspector().
 * @param forMs how long it is watched.
 * @param deadlineMs for everything, waiting for other inspections included.
 * @returns undefined where no profile could be had in time, or no worker of the process is this one.
 */
export function profileOfThread(thread: string, forMs: number, deadlineMs: number): Promise<CpuProfile | undefined> {
  return inTurn(deadlineMs, async (deadline) => {
    const profiling = new Profiling()
    try {
      return await Promise.race([profiling.take(thread, forMs), deadline])
    } finally {
      profiling.leave()
    }
  })
}

/**
 * V8 shows the time of a small function as its caller's once it has compiled the two into one, unless it knew of the
 * profile by then. Coverage throws away all compiled code of the thread, so it is begun for a moment within a first
 * profile, which is not looked at: what is compiled from then on is told apart in the second.
 */
const warmUp = [...['Profiler.start', 'Profiler.startPreciseCoverage', 'Profiler.stopPreciseCoverage', 'Profiler.stop']]

class Profiling {
  readonly #result = Promise.withResolvers<CpuProfile | undefined>()
  #line: InspectorLine | undefined
  #started: number | undefined
  #stopped: number | undefined
  #watch: NodeJS.Timeout | undefined
  #nudge: NodeJS.Timeout | undefined

  take(thread: string, forMs: number): Promise<CpuProfile | undefined> {
    this.#line = inspectorLine(thread, (message) => this.#read(message, forMs))
    if (this.#line === undefined) return Promise.resolve(undefined)
    this.#line.send('Profiler.enable')
    this.#line.send('Profiler.setSamplingInterval', { interval: limits.hangProfileSampleUs })
    for (const method of warmUp) this.#line.send(method)
    this.#started = this.#line.send('Profiler.start')
    this.#nudge = setInterval(() => this.#line?.send('Profiler.enable'), nudgeMs)
    return this.#result.promise
  }

  #read({ id, error, result }: InspectorMessage, forMs: number): void {
    // No id: the thread has ended.
    const isOver = error !== undefined && (id === undefined || id === this.#started || id === this.#stopped)
    if (isOver) this.#result.resolve(undefined)
    else if (id === this.#started) {
      this.#watch = setTimeout(() => {
        this.#stopped = this.#line?.send('Profiler.stop')
      }, forMs)
    } else if (id !== undefined && id === this.#stopped) {
      this.#result.resolve((result as { profile?: CpuProfile } | undefined)?.profile)
    }
  }

  /** So that a profile that is begun too late is not left running. */
  leave(): void {
    clearInterval(this.#nudge)
    clearTimeout(this.#watch)
    this.#line?.send('Profiler.disable')
    this.#line?.hangUp()
  }
}

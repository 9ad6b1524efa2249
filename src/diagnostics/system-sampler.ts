/**
 * How the machine was doing: cpu, memory, disk and load, sampled now and then in the background. A sample takes half a
 * second (529 ms, LIBRARIES 10), so a failure never waits for one: it gets the last, and is told how old that is.
 */
import { availableParallelism, freemem, loadavg, totalmem, uptime } from 'node:os'
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'

export interface SystemSample {
  /** Epoch milliseconds of its end. */
  readonly at: number
  readonly tookMs: number
  /** Load averages of 1, 5 and 15 minutes; zeros on Windows. */
  readonly load: readonly number[]
  readonly cpus: number
  readonly uptimeMs: number
  readonly cpu?: Record<string, unknown>
  readonly memory?: Record<string, unknown>
  readonly disk?: readonly Record<string, unknown>[]
  /** What could not be read, and why. */
  readonly errors?: Readonly<Record<string, string>>
}

export interface AgedSample {
  readonly sample: SystemSample
  readonly ageMs: number
}

export interface SystemProbes {
  cpu(): Promise<Record<string, unknown>>
  memory(): Promise<Record<string, unknown>>
  disk(): Promise<Record<string, unknown>[]>
}

/** systeminformation, loaded at the first sample: a run that never samples does not pay for it. */
export const systemProbes: SystemProbes = {
  async cpu() {
    const { currentLoad } = await import('systeminformation')
    const load = await currentLoad()
    return { percent: load.currentLoad, userPercent: load.currentLoadUser, systemPercent: load.currentLoadSystem }
  },
  async memory() {
    const { mem } = await import('systeminformation')
    const { total, free, used, available, swaptotal, swapused } = await mem()
    return {
      ...{ totalBytes: total, freeBytes: free, usedBytes: used, availableBytes: available },
      ...{ swapTotalBytes: swaptotal, swapUsedBytes: swapused },
    }
  },
  async disk() {
    const { fsSize } = await import('systeminformation')
    return (await fsSize()).map(({ fs, type, mount, size, used, available, use }) => ({
      ...{ fs, type, mount, sizeBytes: size, usedBytes: used, availableBytes: available, usePercent: use },
    }))
  },
}

export class SystemSampler {
  readonly #clock: Clock
  readonly #probes: SystemProbes
  #last: { sample: SystemSample; monotonicMs: number } | undefined
  #timer: unknown
  #running = false
  #inFlight: Promise<void> | undefined

  constructor(clock: Clock, probes: SystemProbes = systemProbes) {
    this.#clock = clock
    this.#probes = probes
  }

  /** Takes a first sample at once, in the background. A second call does nothing. */
  start(): void {
    if (this.#running) return
    this.#running = true
    this.#sampleAndArm()
  }

  /** The last sample and its age; until the first is there, what Node knows by itself. Never waits. */
  last(): AgedSample {
    if (this.#last === undefined) {
      const memory = { totalBytes: totalmem(), freeBytes: freemem() }
      return { sample: { at: this.#clock.now(), tookMs: 0, ...knownAtOnce(), memory }, ageMs: 0 }
    }
    return { sample: this.#last.sample, ageMs: Math.max(0, this.#clock.monotonicMs() - this.#last.monotonicMs) }
  }

  /** Ends sampling and waits for a sample in flight, limits.systemProbeMs at most. */
  async stop(): Promise<void> {
    this.#running = false
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    // Every probe has a deadline, so this ends.
    await this.#inFlight
  }

  #sampleAndArm(): void {
    this.#inFlight ??= this.#sample().finally(() => {
      this.#inFlight = undefined
      if (!this.#running) return
      this.#timer = this.#clock.setTimeout(() => this.#sampleAndArm(), limits.systemSampleMs)
      unrefTimer(this.#timer)
    })
  }

  /** Never rejects: each part that fails is named in the sample. */
  async #sample(): Promise<void> {
    const began = this.#clock.monotonicMs()
    const errors: Record<string, string> = {}
    const probe = <T>(name: keyof SystemProbes, run: () => Promise<T>) =>
      withDeadline(this.#clock, limits.systemProbeMs, run).catch((thrown: unknown) => {
        errors[name] = thrown instanceof Error ? thrown.message : String(thrown)
        return undefined
      })
    const [cpu, memory, disk] = await Promise.all([
      probe('cpu', () => this.#probes.cpu()),
      probe('memory', () => this.#probes.memory()),
      probe('disk', () => this.#probes.disk()),
    ])
    const monotonicMs = this.#clock.monotonicMs()
    const sample: SystemSample = {
      at: this.#clock.now(),
      tookMs: Math.round(monotonicMs - began),
      ...knownAtOnce(),
      ...(cpu === undefined ? {} : { cpu }),
      ...(memory === undefined ? {} : { memory }),
      ...(disk === undefined ? {} : { disk }),
      ...(Object.keys(errors).length === 0 ? {} : { errors }),
    }
    this.#last = { sample, monotonicMs }
  }
}

function knownAtOnce(): Pick<SystemSample, 'load' | 'cpus' | 'uptimeMs'> {
  return { load: loadavg(), cpus: availableParallelism(), uptimeMs: Math.round(uptime() * 1000) }
}

async function withDeadline<T>(clock: Clock, ms: number, run: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = clock.setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([run(), promise])
  } finally {
    clock.clearTimeout(timer)
  }
}

/**
 * How the machine is: load, memory, and how late timers come, sampled at a fixed pace. When the verdict turns, the
 * message bus is told on `host.health`; without the bus this kernel goes on. It does nothing about a machine that is
 * not well, and what single kernels need is the runtime's matter.
 */
import os from 'node:os'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { Health, type HealthConfig, needNumber, needSample, readConfig, type Sample, type Saved } from './health.ts'

export interface HealthNow {
  healthy: boolean
  /** The latest sample of the pace, and not one that is taken for the question. */
  sample: Sample
  /** What is wrong with this sample. It may be bad where the verdict is still good, and the other way round. */
  reasons: string[]
}

/**
 * How late timers come in this thread. The histogram of perf_hooks is not used: once reset it forgets when it looked
 * last, and a delay that ends with the very sample would be missed.
 */
class Lateness {
  static readonly everyMs = 20
  readonly #timer = setInterval(() => this.#look(), Lateness.everyMs)
  #lookedAt = performance.now()
  #longest = 0

  /** The longest since the last call. Milliseconds. */
  take(): number {
    this.#look()
    const longest = this.#longest
    this.#longest = 0
    return longest
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    this.#longest = Math.max(this.#longest, now - this.#lookedAt - Lateness.everyMs)
    this.#lookedAt = now
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<Saved, HealthConfig>) {
    const config = readConfig(ctx.config)
    const health = new Health(config, ctx.restored)
    const lateness = new Lateness()

    let sample: Sample
    const take = (): void => {
      const loadPerCpu = (os.loadavg()[0] ?? 0) / os.availableParallelism()
      sample = {
        at: ctx.now(),
        loadPerCpu,
        freeMemory: Math.min(1, os.freemem() / os.totalmem()),
        delayMs: lateness.take(),
      }
      if (!health.add(sample)) return
      const verdict = { healthy: health.isHealthy, reasons: health.judge(sample), at: sample.at }
      ctx.log.warn(verdict.healthy ? 'the machine is well again' : 'the machine is not well', verdict)
      ctx.ref('message_bus').tell.publish?.('host.health', verdict, ctx.id)
    }
    take()
    const timer = setInterval(take, config.everyMs)

    return {
      api: {
        now: (): HealthNow => ({ healthy: health.isHealthy, sample, reasons: health.judge(sample) }),
        /** The last samples, oldest first: `count` (1 to 10000, default 60) at most, and no more than are kept. */
        history(count = 60): Sample[] {
          needNumber('INVALID_ARGUMENT', count, 'count', [1, 10_000])
          return health.last(count)
        },
        isHealthy: (): boolean => health.isHealthy,
        /** What would be wrong with a sample from elsewhere, by the limits that hold here. */
        judge(other: Sample): string[] {
          needSample('INVALID_ARGUMENT', other)
          return health.judge(other)
        },
      },
      snapshot: () => health.saved(),
      stop() {
        clearInterval(timer)
        lateness.stop()
      },
    }
  },
})
export default kernel
export type HostHealth = KernelApi<typeof kernel>

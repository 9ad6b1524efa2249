/**
 * How the machine is: load, memory and lateness, every few seconds. One bad figure is no illness: the verdict changes
 * when several samples in a row say so, and then the message bus is told as `host.health`, once. It measures the
 * machine, not the kernels: those have their supervisor.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Figures, judge, measure, type Sample } from './sample.ts'

export interface HealthConfig {
  /** Milliseconds between two samples. 100 to 3600000, default 5000. */
  everyMs?: number
  /** Samples kept. 1 to 10000, default 720: an hour. */
  keep?: number
  /** Samples in a row that change the verdict. 1 to 100, default 3. */
  inARow?: number
  /** Above these a sample is bad. Default load 2 (for each core), memory 0.95, delayMs 500. */
  most?: Partial<Figures>
}
interface HealthState {
  /** Oldest first. */
  samples: Sample[]
  healthy: boolean
}

const resolutionMs = 20

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

function readConfig({ everyMs = 5000, keep = 720, inARow = 3, most = {} }: HealthConfig) {
  const bad = (key: string, accepted: string, got: unknown) =>
    refusal('CONFIG_INVALID', `config.${key}: accepted is ${accepted}. Got: ${JSON.stringify(got) ?? String(got)}`)
  const ranges = { everyMs: [everyMs, 100, 3_600_000], keep: [keep, 1, 10_000], inARow: [inARow, 1, 100] } as const
  for (const [key, [value, least, top]] of Object.entries(ranges)) {
    if (Number.isSafeInteger(value) && value >= least && value <= top) continue
    throw bad(key, `a whole number from ${least} to ${top}`, value)
  }
  if (typeof most !== 'object' || most === null) throw bad('most', 'an object of load, memory, delayMs', most)
  const all: Figures = { load: 2, memory: 0.95, delayMs: 500 }
  for (const [key, value] of Object.entries(most)) {
    if (!Object.hasOwn(all, key)) throw bad(`most.${key}`, `one of ${Object.keys(all).join(', ')}`, key)
    if (!Number.isFinite(value) || value <= 0) throw bad(`most.${key}`, 'a number above 0', value)
  }
  return { everyMs, keep, inARow, most: { ...all, ...most } }
}

function isFigures(value: Partial<Figures> | null | undefined): value is Figures {
  return [value?.load, value?.memory, value?.delayMs].every((each) => Number.isFinite(each) && Number(each) >= 0)
}

function readState(state: HealthState | undefined): HealthState {
  if (state === undefined) return { samples: [], healthy: true }
  const { samples, healthy } = state
  const isSample = (each: Sample) => isFigures(each) && Number.isFinite(each.at) && Array.isArray(each.over)
  if (typeof healthy === 'boolean' && Array.isArray(samples) && samples.every(isSample)) return { samples, healthy }
  throw refusal('STATE_INVALID', 'The restored state is no state of the health of a host.')
}

const kernel = defineKernel({
  start(ctx: KernelContext<HealthState, HealthConfig>) {
    const { everyMs, keep, inARow, most } = readConfig(ctx.config)
    let { samples, healthy } = readState(ctx.restored)
    // A verdict is of samples in a row: those of an earlier life are history, and count no more.
    let against = 0
    const delays = monitorEventLoopDelay({ resolution: resolutionMs })
    delays.enable()

    const take = (): Sample => {
      const figures = measure(delays, resolutionMs)
      const sample = { at: ctx.now(), ...figures, over: judge(figures, most) }
      samples = [...samples, sample].slice(-keep)
      against = (sample.over.length === 0) === healthy ? 0 : against + 1
      if (against >= inARow) {
        healthy = !healthy
        against = 0
        const news = { healthy, at: sample.at, over: sample.over }
        ctx.ref('message_bus').tell.publish?.('host.health', news, ctx.id)
        ctx.log[healthy ? 'info' : 'warn'](healthy ? 'the host is well again' : 'the host is not well', { ...sample })
      }
      return sample
    }
    let latest = take()
    const timer = setInterval(() => {
      latest = take()
    }, everyMs)

    return {
      api: {
        /** The latest sample, `everyMs` old at most. */
        now: (): Sample => latest,
        /** The last `n` samples, oldest first. */
        history(n = 60): Sample[] {
          if (Number.isSafeInteger(n) && n >= 1 && n <= 10_000) return samples.slice(-n)
          throw refusal('INVALID_ARGUMENT', `n must be a whole number from 1 to 10000. Got: ${String(n)}`)
        },
        isHealthy: (): boolean => healthy,
        /** Which of such figures would be over the limits here. */
        judge(figures: Figures): (keyof Figures)[] {
          if (isFigures(figures)) return judge(figures, most)
          throw refusal('INVALID_ARGUMENT', 'figures must be load, memory and delayMs, numbers from 0 on.')
        },
      },
      snapshot: (): HealthState => ({ samples, healthy }),
      stop() {
        clearInterval(timer)
        delays.disable()
      },
    }
  },
})
export default kernel
export type HostHealth = KernelApi<typeof kernel>

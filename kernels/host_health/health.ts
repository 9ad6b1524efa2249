/**
 * What a sample says, and when the verdict turns: one bad sample says little, several in a row do, and as many good ones
 * take it back. Nothing is measured here.
 */
import { inspect } from 'node:util'

export interface Sample {
  /** Epoch milliseconds. */
  at: number
  /** Load average of the last minute, by processor: 1 is as much as they can do. Always 0 on Windows. */
  loadPerCpu: number
  /** The share of the memory that is available, 0 to 1. */
  freeMemory: number
  /** The longest that a timer of this thread came late since the last sample. Milliseconds. */
  delayMs: number
}
export interface HealthConfig {
  /** Time between two samples. Milliseconds, 100 to an hour; default 5000. */
  everyMs?: number
  /** Samples in a row that turn the verdict. Default 3. */
  inARow?: number
  /** Samples kept. Default 720, which is an hour of them. */
  keep?: number
  /** Above it, a sample is bad. Default 4. */
  maxLoadPerCpu?: number
  /** Below it, a sample is bad. Default 0.05. */
  minFreeMemory?: number
  /** Above it, a sample is bad. Milliseconds; default 1000. */
  maxDelayMs?: number
}
export interface Saved {
  samples: Sample[]
  healthy: boolean
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

export function needNumber(
  code: string,
  value: unknown,
  name: string,
  [min, max]: [number, number],
  whole = true,
): void {
  if (Number.isFinite(value) && Number(value) >= min && Number(value) <= max && !(whole && !Number.isInteger(value)))
    return
  throw refusal(
    code,
    `${name}: accepted is a ${whole ? 'whole ' : ''}number from ${min} to ${max}. Got: ${shown(value)}`,
  )
}

export function readConfig(config: HealthConfig): Required<HealthConfig> {
  const { everyMs = 5000, inARow = 3, keep = 720, maxLoadPerCpu = 4, minFreeMemory = 0.05, maxDelayMs = 1000 } = config
  const code = 'CONFIG_INVALID'
  needNumber(code, everyMs, 'config.everyMs', [100, 3_600_000])
  needNumber(code, inARow, 'config.inARow', [1, 100])
  needNumber(code, keep, 'config.keep', [1, 10_000])
  needNumber(code, maxLoadPerCpu, 'config.maxLoadPerCpu', [0, 1000], false)
  needNumber(code, minFreeMemory, 'config.minFreeMemory', [0, 1], false)
  needNumber(code, maxDelayMs, 'config.maxDelayMs', [1, 3_600_000], false)
  return { everyMs, inARow, keep, maxLoadPerCpu, minFreeMemory, maxDelayMs }
}

export function needSample(code: string, sample: unknown): asserts sample is Sample {
  if (typeof sample !== 'object' || sample === null) {
    throw refusal(code, `A sample is an object with at, loadPerCpu, freeMemory, delayMs. Got: ${shown(sample)}`)
  }
  const { at, loadPerCpu, freeMemory, delayMs } = sample as Sample
  needNumber(code, at, 'at', [0, Number.MAX_SAFE_INTEGER], false)
  needNumber(code, loadPerCpu, 'loadPerCpu', [0, Number.MAX_SAFE_INTEGER], false)
  needNumber(code, freeMemory, 'freeMemory', [0, 1], false)
  needNumber(code, delayMs, 'delayMs', [0, Number.MAX_SAFE_INTEGER], false)
}

export class Health {
  readonly #config: Required<HealthConfig>
  readonly #samples: Sample[] = []
  #healthy = true
  /** Samples in a row, the last ones, that speak against the verdict. */
  #against = 0

  constructor(config: Required<HealthConfig>, restored: unknown) {
    this.#config = config
    if (restored === undefined) return
    const { samples, healthy } = (restored ?? {}) as Saved
    if (!Array.isArray(samples) || typeof healthy !== 'boolean') {
      throw refusal('STATE_INVALID', 'The restored state is no object with samples and healthy.')
    }
    for (const sample of samples) needSample('STATE_INVALID', sample)
    this.#samples = samples.slice(-config.keep)
    this.#healthy = healthy
  }

  get isHealthy(): boolean {
    return this.#healthy
  }

  /** What is wrong with a sample, in words; nothing where it is good. */
  judge({ loadPerCpu, freeMemory, delayMs }: Sample): string[] {
    const { maxLoadPerCpu, minFreeMemory, maxDelayMs } = this.#config
    const percent = (share: number) => `${(share * 100).toFixed(1)} %`
    const reasons: string[] = []
    if (loadPerCpu > maxLoadPerCpu) reasons.push(`load ${loadPerCpu.toFixed(2)} by processor, above ${maxLoadPerCpu}`)
    if (freeMemory < minFreeMemory) reasons.push(`memory ${percent(freeMemory)} free, below ${percent(minFreeMemory)}`)
    if (delayMs > maxDelayMs) reasons.push(`timers ${Math.round(delayMs)} ms late, above ${maxDelayMs} ms`)
    return reasons
  }

  /** Keeps a sample; returns whether the verdict has turned with it. */
  add(sample: Sample): boolean {
    this.#samples.push(sample)
    if (this.#samples.length > this.#config.keep) this.#samples.shift()
    const isGood = this.judge(sample).length === 0
    this.#against = isGood === this.#healthy ? 0 : this.#against + 1
    if (this.#against < this.#config.inARow) return false
    this.#healthy = isGood
    this.#against = 0
    return true
  }

  /** Oldest first. */
  last(count: number): Sample[] {
    return this.#samples.slice(-count)
  }

  saved(): Saved {
    return { samples: [...this.#samples], healthy: this.#healthy }
  }
}

/** A kernel's last minutes, a sample a second at most, for its lines and curves. Pure. */
import type { KernelStatus } from '../../supervisor/status.ts'

/** Ten minutes, where something changes in each second. */
export const samplesKept = 600
/** Shorter than this, and the newer sample takes the older one's place. Milliseconds. */
const apartMs = 950
/** A rate that nothing has confirmed for so long is none any more. Milliseconds; the vitals come every 2 s. */
export const staleMs = 5000

export interface Sample {
  /** Epoch milliseconds, of the server's clock. */
  readonly at: number
  readonly cpu: number
  readonly elu: number
  readonly heapMb: number
  readonly externalMb: number
  readonly mailbox: number
  /** Messages handled since the runtime was started. */
  readonly handled: number
  /** Messages a second since the sample before. */
  readonly rate: number
}

type Measured = Pick<KernelStatus, 'cpu' | 'elu' | 'heapMb' | 'externalMb' | 'mailbox' | 'handled'>

/** Oldest first, with what is known now at the end. */
export function withSample(samples: readonly Sample[], measured: Measured, at: number): readonly Sample[] {
  const { cpu, elu, heapMb, externalMb, mailbox, handled } = measured
  const last = samples.at(-1)
  const before = samples.at(-2)
  const isWithin = before !== undefined && at - before.at < apartMs
  const since = isWithin ? before : last
  const seconds = since === undefined ? 0 : (at - since.at) / 1000
  const rate = since === undefined || seconds <= 0 ? 0 : Math.max(0, handled - since.handled) / seconds
  const sample = { at, cpu, elu, heapMb, externalMb, mailbox, handled, rate }
  return [...samples.slice(1 - samplesKept, isWithin ? -1 : undefined), sample]
}

/** Messages a second at the moment: none where the last sample is old, since what changes is sampled. */
export function rateNow(samples: readonly Sample[], nowMs: number): number {
  const last = samples.at(-1)
  return last === undefined || nowMs - last.at > staleMs ? 0 : last.rate
}

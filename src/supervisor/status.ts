/** What a person or a program sees of a kernel at the moment. */
import type { Tier } from '../base/spec.ts'
import type { ServedBy } from '../routing/route.ts'
import type { ActiveHotfix, Unit } from './unit.ts'

export interface KernelStatus {
  readonly id: string
  readonly tier: Tier
  /** State of the chart, dotted: `running.steady`. */
  readonly state: string
  /** What answers its messages now: its instance, what stands in for it, its degraded mode, or nobody. */
  readonly servedBy: ServedBy
  /** Id of the kernel that gets its messages, while `servedBy` is `reroute`. */
  readonly reroutedTo?: string
  /** Counts what has served it, one after the other; a new instance or stand-in has a new one. */
  readonly epoch: number
  /** Standbys that could take over at once, and how many the fleet names. */
  readonly standbys: { readonly ready: number; readonly of: number }
  /** Crashes since it was last steady, and how many restarts its budget has left. */
  readonly failures: number
  readonly restartsLeft: number
  /**
   * Both budgets: crashes and starts since it was last steady, each of `max` (the first start comes on top), and repairs
   * tried for the open incident.
   */
  readonly budget: {
    readonly failures: number
    readonly starts: number
    readonly max: number
    readonly attempts: number
    readonly maxAttempts: number
  }
  /** Epoch milliseconds; since when it is in `state`. */
  readonly stateSince: number
  /** Delays of the chart that run now: the delay's name, its whole length in milliseconds, and when it is over. */
  readonly timers: readonly { readonly delay: string; readonly ms: number; readonly endsAt: number }[]
  /** Id of the open incident. */
  readonly incident?: string
  /** Why a person is needed, where one is. */
  readonly why?: string
  /** Milliseconds since the instance was ready; 0 while none is. */
  readonly uptimeMs: number
  readonly heapMb: number
  /** Buffers and the like, which V8's heap does not hold. */
  readonly externalMb: number
  /** Share of one core, 0 to 1. */
  readonly cpu: number
  /** Share of the last sample in which its event loop was busy, 0 to 1. */
  readonly elu: number
  /** Messages accepted and not handled. */
  readonly mailbox: number
  /** Messages handled since the runtime was started. */
  readonly handled: number
  /** Starts in this process, by reason: first boots and restarts are the budget's, the others are counted apart. */
  readonly starts: Readonly<Unit['boots']>
  /** Id of the hotfix in force. */
  readonly hotfix?: string
  /** Patterns of messages that it is not given, because they crash it; in words, without secrets. */
  readonly parkedPatterns?: readonly string[]
  /** Where the fleet file, its sources or its files in dataDir are not what they should be: a line each. */
  readonly findings?: readonly string[]
}

export function statusOf(unit: Unit): KernelStatus {
  const { failures, max, starts, attempts, maxAttempts } = unit.instance.snapshot.context
  const state = unit.instance.state
  unit.route.mailbox.dropExpired()
  const { parkedPatterns } = unit.route
  return {
    ...{ id: unit.id, tier: unit.spec.tier, state, servedBy: unit.route.servedBy },
    ...(unit.route.servedBy === 'reroute' && { reroutedTo: unit.spec.degraded.to }),
    ...{ epoch: unit.route.epoch, standbys: { ready: unit.standIns.ready, of: unit.spec.replicas } },
    ...{ failures, restartsLeft: Math.max(0, max - failures) },
    budget: { failures, starts, max, attempts, maxAttempts },
    ...{ stateSince: unit.stateSince, timers: unit.timers },
    ...(unit.incident && { incident: unit.incident }),
    ...(state === 'quarantined.parked' && unit.parkedWhy && { why: unit.parkedWhy }),
    uptimeMs: Math.round(unit.instance.uptimeMs),
    heapMb: Math.round(unit.vitals.heapMb * 10) / 10,
    cpu: Math.round(unit.vitals.cpu * 1000) / 1000,
    elu: Math.round(unit.vitals.elu * 1000) / 1000,
    externalMb: Math.round(unit.vitals.externalMb * 10) / 10,
    mailbox: unit.route.mailbox.depth,
    handled: unit.handled,
    starts: { ...unit.boots },
    ...(unit.hotfix && !isOvertaken(unit.hotfix) && { hotfix: unit.hotfix.id }),
    ...(parkedPatterns.length > 0 && { parkedPatterns }),
    ...(unit.findings.length > 0 && { findings: unit.findings.map(({ text }) => text) }),
  }
}

/** A person's edits have left nothing of it. */
function isOvertaken({ outdated, isLeft }: ActiveHotfix): boolean {
  return outdated === true && isLeft === false
}

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
  /** Id of the open incident. */
  readonly incident?: string
  /** Why a person is needed, where one is. */
  readonly why?: string
  /** Milliseconds since the instance was ready; 0 while none is. */
  readonly uptimeMs: number
  readonly heapMb: number
  /** Share of one core, 0 to 1. */
  readonly cpu: number
  /** Messages accepted and not handled. */
  readonly mailbox: number
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
  const { failures, max } = unit.instance.snapshot.context
  const state = unit.instance.state
  unit.route.mailbox.dropExpired()
  const { parkedPatterns } = unit.route
  return {
    ...{ id: unit.id, tier: unit.spec.tier, state, servedBy: unit.route.servedBy },
    ...(unit.route.servedBy === 'reroute' && { reroutedTo: unit.spec.degraded.to }),
    ...{ epoch: unit.route.epoch, standbys: { ready: unit.standIns.ready, of: unit.spec.replicas } },
    ...{ failures, restartsLeft: Math.max(0, max - failures) },
    ...(unit.incident && { incident: unit.incident }),
    ...(state === 'quarantined.parked' && unit.parkedWhy && { why: unit.parkedWhy }),
    uptimeMs: Math.round(unit.instance.uptimeMs),
    heapMb: Math.round(unit.vitals.heapMb * 10) / 10,
    cpu: Math.round(unit.vitals.cpu * 1000) / 1000,
    mailbox: unit.route.mailbox.depth,
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

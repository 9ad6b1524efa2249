/**
 * A fleet as people write it, in YAML or as an object, and the defaults of what they leave out. fleet-schema.ts holds
 * what is accepted, base/spec.ts what becomes of it.
 */

import type { Autonomy, CrashOn, DegradedMode, Isolation, Strategy, Tier } from '../base/spec.ts'
import type { AgentsInput } from './agents-schema.ts'

/**
 * @example
 * const fleet: FleetInput = {
 *   kernels: [
 *     { id: 'orders', entry: './message_bus/kernel.ts', tier: 1 },
 *     { id: 'notes', entry: './memory_fusion/kernel.ts', dependsOn: ['orders'] },
 *   ],
 * }
 */
export interface FleetInput {
  /** 1 to 500. */
  readonly kernels: readonly KernelInput[]
  /** Repair agents from outside: a model, a command, an agent that speaks ACP. Default: none. */
  readonly agents?: AgentsInput
}

/** Ms are milliseconds, at most 2,147,483,647 (24.8 days); Mb are megabytes. Numbers are whole, save `jitter`. */
export interface KernelInput {
  /** Lower-case words joined by `_` or `-`, 48 characters at most, no reserved word. */
  readonly id: string
  /** Path of the kernel's module, `.ts`, `.mts`, `.js` or `.mjs`, relative to the fleet's file. */
  readonly entry: string
  /** 1 (critical) to 5. Default 3. */
  readonly tier?: Tier
  /** Ids of kernels that have to settle before this one is started. */
  readonly dependsOn?: readonly string[]
  /** Standbys that wait with the module loaded, to take over when the kernel leaves service: 0 to 8, default 0. */
  readonly replicas?: number
  /** Messages handled at once, awaits included: 1 to 1024, default 1. */
  readonly concurrency?: number
  readonly restart?: {
    /** Restarts before the kernel is escalated: 0 to 100, default 3. */
    readonly max?: number
    /** Running this long without interruption makes it steady and its failures forgotten: 1 or more, default 600000. */
    readonly stableMs?: number
    /** First delay before a restart; it doubles with each: 0 or more, default 200. */
    readonly backoffMs?: number
    /** Longest delay: backoffMs or more, default 10000. */
    readonly backoffMaxMs?: number
    /** Share of the delay by which it varies, 0 to 1, default 0.2, so that kernels do not restart in step. */
    readonly jitter?: number
  }
  /** rest_for_one: whoever depends on it is restarted with it. Default one_for_one: a crash concerns it alone. */
  readonly strategy?: Strategy
  /** What brings the kernel down, beside leaving by itself. Default `defects`. */
  readonly crashOn?: CrashOn
  /** No sign of life for this long is a hang: 1 or more, default 5000. */
  readonly heartbeat?: { readonly timeoutMs?: number }
  readonly limits?: {
    /** 16 or more, since V8 aborts the whole process below; default 256. */
    readonly heapMb?: number
    /** Memory outside the heap, such as buffers: 1 or more, default 512. */
    readonly externalMb?: number
    /** 1 or more, default 30000. */
    readonly startMs?: number
    /** 1 or more, default 5000. */
    readonly stopMs?: number
    /** 1 or more, default 5000. */
    readonly askMs?: number
  }
  /** Messages that wait: 1 or more, default 4096. */
  readonly mailbox?: { readonly max?: number }
  /** Names of environment variables passed through. None by default: process.env holds secrets. */
  readonly env?: readonly string[]
  /** What becomes of messages while the kernel is out of service and no standby serves. Default: 1000 of them wait. */
  readonly degraded?: {
    /** May be left out beside `fallback` or `reroute`. */
    readonly mode?: DegradedMode
    /** Path of a module with a kernel of the same methods, relative as `entry` is; it serves meanwhile. */
    readonly fallback?: string
    /** Id of another kernel with the same methods; it gets the messages meanwhile. */
    readonly reroute?: string
    /** Messages that wait: 1 or more, default 1000. */
    readonly max?: number
  }
  /** everyMs: 1 or more, default 5000 at tier 1, else 60000. keep: 1 to 100, default 5. */
  readonly snapshot?: { readonly everyMs?: number; readonly keep?: number }
  readonly repair?: {
    /** What is applied without a person: nothing, proved playbooks, any proved repair. Default fix. */
    readonly autonomy?: Autonomy
    /** Least isolation of the sandbox for what is applied without a person. Default permission. */
    readonly isolation?: Isolation
    /** Repairs tried for one incident: 1 to 100, default 3. */
    readonly maxAttempts?: number
    /** Repairs applied within any hour: 1 to 100, default 3. */
    readonly maxPerHour?: number
    /** Of one attempt: 1 or more, default 900000. */
    readonly timeoutMs?: number
    /** How long a suggested repair waits for its approval: 1 or more, default 604800000 (7 days, as the evidence). */
    readonly expiresMs?: number
  }
  /** Handed to start() as `ctx.config`: plain data of the kernel's own. */
  readonly config?: Record<string, unknown>
}

/** What a kernel has where its fleet says nothing. `snapshot.everyMs` is by tier, see snapshotEveryMs. */
export const kernelDefaults = {
  tier: 3,
  dependsOn: [],
  replicas: 0,
  concurrency: 1,
  restart: { max: 3, stableMs: 600_000, backoffMs: 200, backoffMaxMs: 10_000, jitter: 0.2 },
  strategy: 'one_for_one',
  crashOn: 'defects',
  heartbeat: { timeoutMs: 5000 },
  limits: { heapMb: 256, externalMb: 512, startMs: 30_000, stopMs: 5000, askMs: 5000 },
  mailbox: { max: 4096 },
  env: [],
  degraded: { mode: 'buffer', max: 1000 },
  snapshot: { keep: 5 },
  repair: {
    ...({ autonomy: 'fix', isolation: 'permission' } as const),
    ...{ maxAttempts: 3, maxPerHour: 3, timeoutMs: 900_000, expiresMs: 604_800_000 },
  },
  config: {},
} as const

/** A critical kernel may lose less, so it is saved more often. Milliseconds. */
export function snapshotEveryMs(tier: Tier): number {
  return tier === 1 ? 5000 : 60_000
}

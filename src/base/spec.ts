/**
 * The shape of a fleet after validation: every default filled in, every path absolute. supervisor/fleet.ts makes it
 * from YAML or from an object; everybody else only reads it.
 */
import type { AgentsSpec } from './agents-spec.ts'

export type Tier = 1 | 2 | 3 | 4 | 5
export type CrashOn = 'defects' | 'uncaught' | 'all'
/** What becomes of a kernel's messages while it is out of service, where no standby takes over. */
export const degradedModes = ['fallback', 'reroute', 'buffer', 'reject'] as const
export type DegradedMode = (typeof degradedModes)[number]
/** one_for_one: a crash concerns the kernel alone. rest_for_one: whoever depends on it is restarted with it. */
export type Strategy = 'one_for_one' | 'rest_for_one'
export type Autonomy = 'observe' | 'suggest' | 'playbook' | 'fix'
/** What keeps a candidate in, weakest first: see sandbox/README.md. */
export const isolations = ['weak', 'permission', 'bwrap+permission'] as const
export type Isolation = (typeof isolations)[number]

export interface KernelSpec {
  readonly id: string
  /** file: URL of the kernel's module. */
  readonly entryUrl: string
  readonly tier: Tier
  readonly dependsOn: readonly string[]
  /** Standbys: threads that have loaded the module, and start only when they are promoted. */
  readonly replicas: number
  readonly strategy: Strategy
  /** Messages handled at once. */
  readonly concurrency: number
  readonly restart: {
    /** Restarts allowed until the kernel has run for stableMs without interruption. */
    readonly max: number
    readonly stableMs: number
    readonly backoffMs: number
    readonly backoffMaxMs: number
    /** Share of the delay, 0 to 1, by which it varies. */
    readonly jitter: number
  }
  readonly crashOn: CrashOn
  readonly heartbeat: { readonly timeoutMs: number }
  readonly limits: {
    readonly heapMb: number
    readonly externalMb: number
    readonly startMs: number
    readonly stopMs: number
    readonly askMs: number
  }
  readonly mailbox: { readonly max: number }
  /** Names of environment variables that are passed through. */
  readonly env: readonly string[]
  readonly degraded: {
    readonly mode: DegradedMode
    /** Messages that wait while nobody serves: in mode `buffer`, and until a fallback is ready. */
    readonly max: number
    /** file: URL of the module that stands in, in mode `fallback`. */
    readonly fallbackUrl?: string
    /** Id of the kernel that gets the messages, in mode `reroute`. */
    readonly to?: string
  }
  readonly snapshot: { readonly everyMs: number; readonly keep: number }
  readonly repair: {
    readonly autonomy: Autonomy
    /** A repair that was proved with less than this waits for a person, whatever the autonomy. */
    readonly isolation: Isolation
    readonly maxAttempts: number
    /** Repairs applied within any hour; one more waits for a person. */
    readonly maxPerHour: number
    readonly timeoutMs: number
    /** How long a suggested repair may be approved. */
    readonly expiresMs: number
  }
  readonly config: Record<string, unknown>
}

export interface FleetSpec {
  /** In the order of the file. */
  readonly kernels: readonly KernelSpec[]
  /** Repair agents from outside; empty where none is configured. */
  readonly agents: AgentsSpec
  /** Absolute path of the file, where there is one. */
  readonly file?: string
  /** Ids in levels: a level depends on earlier ones only. */
  readonly levels: readonly (readonly string[])[]
}

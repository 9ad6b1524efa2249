/** What the supervisor's parts share: the stores and tools of the lower floors, and the units. Wired once, by Supervisor. */
import type { Clock } from '../base/clock.ts'
import type { EventStream } from '../base/events.ts'
import type { ApplyTo } from '../base/remedy.ts'
import type { FleetSpec, KernelSpec } from '../base/spec.ts'
import type { LogRing } from '../diagnostics/log-ring.ts'
import type { SystemSampler } from '../diagnostics/system-sampler.ts'
import type { Incidents } from '../escalation/incident.ts'
import type { Notice, Operators } from '../escalation/notify.ts'
import type { Journal } from '../journal/journal.ts'
import type { Heartbeat } from '../lifecycle/heartbeat.ts'
import type { PlaybookRegistry } from '../playbook/registry.ts'
import type { OutOfService } from '../quarantine/out-of-service.ts'
import type { RepairAgent } from '../repair/agents/agent.ts'
import type { HotfixStore } from '../repair/hotfix.ts'
import type { SandboxPool } from '../repair/sandbox-pool.ts'
import type { IntentStore } from '../repair/source-files.ts'
import type { GoldenStore } from '../snapshot/golden.ts'
import type { SnapshotStore } from '../snapshot/store.ts'
import type { RuntimeBus } from './bus.ts'
import type { Inspections } from './inspections.ts'
import type { PostOffice } from './post-office.ts'
import type { RepairSwitch } from './repair-switch.ts'
import type { Suggestions } from './suggestions.ts'
import type { Unit } from './unit.ts'

export interface House {
  readonly clock: Clock
  readonly events: EventStream
  readonly journal: Journal
  readonly units: ReadonlyMap<string, Unit>
  readonly office: PostOffice
  readonly bus: RuntimeBus
  readonly snapshots: SnapshotStore
  readonly goldens: GoldenStore
  readonly playbooks: PlaybookRegistry
  readonly hotfixes: HotfixStore
  /** What is being written into source files. */
  readonly intents: IntentStore
  readonly repairs: RepairSwitch
  readonly suggestions: Suggestions
  /** What becomes of a repair that has held, where nobody has said otherwise of it. */
  readonly applyTo: ApplyTo
  readonly incidents: Incidents
  readonly outOfService: OutOfService
  readonly logs: LogRing
  readonly sampler: SystemSampler
  readonly sandbox: SandboxPool
  /** Who proposes repairs, cheapest first: those of this package, and what was configured. */
  readonly agents: readonly RepairAgent[]
  readonly heartbeat: Heartbeat
  /** What kernels' own state machines do. */
  readonly inspections: Inspections
  readonly notify: (notice: Notice) => void
  readonly operators: Pick<Operators, 'start' | 'stop'>
  /** Absolute paths. */
  readonly dataDir: string
  readonly quarantineDir: string
  /** Where Node keeps the threads' compiled code: where the host's environment says, else in dataDir. */
  readonly compiledDir: string
  /** Reads the fleet anew, for a command that restarts a kernel with its present configuration. */
  readonly rereadFleet: () => FleetSpec
  /** A defect of the runtime or of a listener: logged, never thrown. */
  readonly report: (thrown: unknown) => void
}

/** file: URL of the folder of the kernel's module, with a slash at its end. */
export function kernelFolderUrl(spec: KernelSpec): string {
  return new URL('./', spec.entryUrl).href
}

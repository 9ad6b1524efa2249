/** Everything the supervisor knows about one kernel at the moment. Data; the decisions are the chart's. */
import type { BootRequest, InstanceVitals } from '../actor/protocol.ts'
import type { Thread } from '../actor/thread.ts'
import { AskTimes } from '../base/ask-times.ts'
import type { ErrorRecord } from '../base/error-record.ts'
import { codeHash, sha256 } from '../base/hash.ts'
import type { ApplyTo, Evidence, FailurePhase, LoadedFile, Overlay, Remedy } from '../base/remedy.ts'
import type { KernelSpec } from '../base/spec.ts'
import type { Finding } from '../diagnostics/integrity.ts'
import { type FlightEvidence, FlightRecorder } from '../diagnostics/recorder.ts'
import type { Plan } from '../escalation/strategy.ts'
import type { CpuProfile } from '../lifecycle/hang-profile.ts'
import type { Instance } from '../lifecycle/instance.ts'
import type { Hotfix } from '../repair/hotfix.ts'
import { Route, type RoutePorts } from '../routing/route.ts'
import type { Keeper } from './keeping.ts'
import { fittingSettings } from './settings.ts'
import type { StandIns } from './standing-in.ts'
import type { Stepping } from './stepping.ts'
import type { Submission } from './submission.ts'

export interface Failure {
  /** Epoch milliseconds. */
  readonly at: number
  readonly error: ErrorRecord
  readonly phase: FailurePhase
  /** Method that was being handled, where one was. */
  readonly method?: string
  readonly fingerprint: string
  readonly permanent: boolean
  /** How the instance was; absent where it could not say. */
  readonly vitals?: InstanceVitals
  /** Of a thread that hung. */
  readonly profile?: HangProfile
}

/** Where a thread that hung spent its time, or why that is not known. */
export type HangProfile = CpuProfile | { readonly missing: string }

/** The hotfix in force, with what the journal does not need to know. */
export interface ActiveHotfix {
  readonly id: string
  readonly incident: string
  readonly body: Hotfix
  readonly remedy: Remedy
  /** Snapshot that was written from the golden state; taken away again at a roll-back. */
  readonly stateFrom?: string
  /** Not steady yet. */
  readonly onProbation: boolean
  /** At the last boot a file or the configuration was no longer the one that it mends: a person has changed it since. */
  readonly outdated?: boolean
  /** At the last boot something of it changed what the kernel runs with. */
  readonly isLeft?: boolean
}

export interface Parking {
  readonly incident: string
  /** Epoch milliseconds, of the first time. */
  readonly at: number
}

export interface Vitals {
  readonly heapMb: number
  readonly externalMb: number
  /** Share of one core since the last sample, 0 to 1. */
  readonly cpu: number
  /** Share of that time in which its event loop was busy, 0 to 1. */
  readonly elu: number
}

export class Unit {
  /** As the fleet has it. Replaced when a command re-reads the fleet file. */
  fleetSpec: KernelSpec
  #merged: { readonly spec: KernelSpec; readonly of: KernelSpec; readonly hotfix: ActiveHotfix | undefined } | undefined
  readonly route: Route
  readonly recorder = new FlightRecorder()
  /** Set once, when the supervisor's actor spawns the instance's. */
  instance!: Instance
  /** Set once, with the instance. */
  keeper!: Keeper
  /** Set once, with the instance. */
  standIns!: StandIns
  /** By URL: the files of the last boot's import graph, as run. */
  readonly files = new Map<string, LoadedFile>()
  boot: BootRequest | undefined
  keepsState = false
  incident: string | undefined
  failure: Failure | undefined
  /** What the flight recorder held when the kernel left service. */
  flight: FlightEvidence | undefined
  hotfix: ActiveHotfix | undefined
  /** The one in force before, to go back to. */
  hotfixBefore: ActiveHotfix | undefined
  /** What a repair has chosen and not applied yet. */
  remedy: Remedy | undefined
  /** A remedy that a person approved; it is proved once more and applied. */
  approved: Remedy | undefined
  /** No other remedy is looked for where that one does not hold. */
  approvedAlone = false
  /** What is to become of the approved one. */
  approvedTo: ApplyTo | undefined
  /** A person has asked for the repair under way, so that it is not counted against the kernel's repairs an hour. */
  askedFor = false
  /** The switch of all repairs keeps it parked: it is repaired when that is on again. */
  heldBack = false
  /** What was handed in from outside and is about to be proved; nobody else is asked then. */
  submission: Submission | undefined
  /** Remedies of the open incident that did not hold; they are not tried again. */
  readonly triedRemedies = new Set<string>()
  /** Why a person is needed. */
  parkedWhy: string | undefined
  /** Since when an open incident needs a person; kept until the kernel is back. */
  parked: Parking | undefined
  plan: Plan | undefined
  evidence: Evidence | undefined
  evidenceProblem: ErrorRecord | undefined
  /** The process died while it started this kernel, once too often. */
  diedInStart = false
  /** Its chart has been told where it was, and is what the journal follows. */
  begun = false
  /** A message was parked since the kernel was last steady. */
  sawPoison = false
  /** Cancels the repair under way, or the steps of one. */
  repair: AbortController | undefined
  /** The last search for a remedy; whoever began it hears how it ended. */
  search: Promise<unknown> | undefined
  /** The live steps of the remedy on probation; see stepping.ts. */
  steps: Stepping | undefined
  vitals: Vitals = { heapMb: 0, externalMb: 0, cpu: 0, elu: 0 }
  /** How asks of it ended, and how long they took. */
  readonly asks = new AskTimes()
  /** Messages handled in this process. */
  handled = 0
  /** Epoch milliseconds; since when the chart is where it is. */
  stateSince = 0
  /** Delays of the chart that run now. */
  timers: readonly { readonly delay: string; readonly ms: number; readonly endsAt: number }[] = []
  /** Drift and damage that concern it, as last found; replaced by integrity-watch.ts. */
  findings: readonly Finding[] = []
  /** Starts for this kernel, by reason, in this process. */
  readonly boots = { first: 0, restart: 0, command: 0, rejoin: 0, bystander: 0, promotion: 0, fallback: 0 }
  /** Monotonic milliseconds; when the last thread that served has gone. */
  goneAtMs: number | undefined
  /** Epoch milliseconds; when the state was saved from which a promoted standby goes on. */
  servesFrom: number | undefined
  /** A standby has taken over for the open incident, and is the instance now. */
  failedOver = false
  /** Monotonic milliseconds; when it became steady. */
  steadyAtMs: number | undefined

  constructor(spec: KernelSpec, ports: RoutePorts) {
    this.fleetSpec = spec
    this.route = new Route(() => this.spec, ports)
  }

  /** With the limits that the hotfix in force sets. */
  get spec(): KernelSpec {
    const { fleetSpec, hotfix } = this
    if (hotfix?.body.limits === undefined) return fleetSpec
    if (this.#merged?.of !== fleetSpec || this.#merged.hotfix !== hotfix) {
      const { limits } = fittingSettings(hotfix.body, fleetSpec)
      const spec = { ...fleetSpec, limits: { ...fleetSpec.limits, ...limits } }
      this.#merged = { spec, of: fleetSpec, hotfix }
    }
    return this.#merged.spec
  }

  set spec(spec: KernelSpec) {
    this.fleetSpec = spec
  }

  /** What takes its messages now: its instance's thread, or a stand-in's. */
  get servingThread(): Thread | undefined {
    return this.standIns.thread ?? this.instance.thread
  }

  /** What the last boot served in place of files. */
  get overlay(): Overlay {
    return this.boot?.overlay ?? {}
  }

  get hotfixOnProbation(): boolean {
    return this.hotfix?.onProbation ?? false
  }

  get id(): string {
    return this.spec.id
  }

  get codeSha256(): string {
    return codeHash([...this.files.values()].map(({ url, text }) => ({ url, sha256: sha256(text) })))
  }
}

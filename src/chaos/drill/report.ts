/** What a drill reports, as plain data: which steps of the ladder ran for which kernel, when, and what showed it. */
import type { ProofLine } from '../../base/remedy.ts'
import type { Autonomy, Isolation, Tier } from '../../base/spec.ts'

/** The five steps, in the order in which a failure goes through them. */
export const drillStepNames = ['escalate', 'quarantine', 'diagnose', 'repair', 'learn'] as const
export type DrillStepName = (typeof drillStepNames)[number]

export interface DrillStep {
  readonly name: DrillStepName
  readonly ran: boolean
  /** From the defect until it had run; absent where it did not. */
  readonly tookMs?: number
  /** What showed it, or what was seen instead: a phrase each. */
  readonly shown: readonly string[]
  /** Where it did not run: what to look at. */
  readonly look?: string
}

export interface KernelDrill {
  readonly kernel: string
  readonly tier: Tier
  /** As the fleet says. */
  readonly autonomy: Autonomy
  /** What was let loose, in words that say where. */
  readonly defect: string
  readonly steps: readonly DrillStep[]
  readonly passed: boolean
  /** Of the repair that was applied, or of the last one that was refused. */
  readonly proof: readonly Pick<ProofLine, 'name' | 'passed' | 'detail'>[]
  /** The repair was applied before any proof; what is shown is the proof of its playbook, at the second failure. */
  readonly provedLater?: true
  readonly isolation?: Isolation
  /** Name of the agent whose repair was applied. */
  readonly agent?: string
  /** From the defect until it served again: the first time, and by the playbook. */
  readonly healMs?: number
  readonly againMs?: number
  readonly notes: readonly string[]
  /** What the kernel needs and the sandbox does not give. */
  readonly unsuitable?: string
}

export interface LeftOut {
  readonly kernel: string
  readonly why: string
}

export interface DrillReport {
  /** Path of the fleet as it was given. */
  readonly fleet: string
  readonly kernels: number
  /** Every kernel was to be drilled. */
  readonly all: boolean
  /** Kernels that failed before anything was let loose. */
  readonly brokenBefore: readonly LeftOut[]
  readonly drills: readonly KernelDrill[]
  /** Kernels that could not be drilled; of those that were only not chosen nothing is said. */
  readonly leftOut: readonly LeftOut[]
  /** What the copy has otherwise than the fleet. */
  readonly changed: string
  readonly passed: boolean
  readonly tookMs: number
  /** The folder of the drill, where it was kept. */
  readonly folder?: string
}

/** 0: every step ran. 1: one did not, or the fleet failed before. 2: nothing could be drilled. */
export function drillExitCode({ passed, drills, brokenBefore }: DrillReport): 0 | 1 | 2 {
  if (passed) return 0
  return drills.length === 0 && brokenBefore.length === 0 ? 2 : 1
}

/** Its fleet says that a person repairs it, and the sandbox could not: nothing that was promised is missing. */
export function isForPerson({ autonomy, unsuitable }: KernelDrill): boolean {
  return unsuitable !== undefined && (autonomy === 'suggest' || autonomy === 'observe')
}

/** A kernel that the sandbox does not suit is passed over where another one was drilled in its place. */
export function hasPassed({
  drills,
  brokenBefore,
  all,
}: Pick<DrillReport, 'drills' | 'brokenBefore' | 'all'>): boolean {
  if (brokenBefore.length > 0 || drills.length === 0) return false
  if (!all) return drills.at(-1)?.passed === true
  return drills.some(({ passed }) => passed) && drills.every((drill) => drill.passed || isForPerson(drill))
}

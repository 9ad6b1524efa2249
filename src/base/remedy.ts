/**
 * What a repair is made of. An agent proposes a remedy, the proof tries it in the sandbox, the supervisor applies it,
 * a playbook stores it: one list of typed steps serves all four, so that what was proved is what is learnt.
 */
import type { ErrorRecord } from './error-record.ts'
import type { MessagePattern } from './message-pattern.ts'
import type { CrashOn, Isolation } from './spec.ts'

/** Which limits of a kernel a step may set; units are in the names. */
export const limitNames = ['heapMb', 'externalMb', 'startMs', 'stopMs', 'askMs'] as const
export type LimitName = (typeof limitNames)[number]

/** What the sandbox can show: the proof applies it there before the supervisor applies it for good. */
export type ProvableStep =
  /** Start from the state of the last golden snapshot. */
  | { readonly do: 'restore_state' }
  /** Use the configuration of the last golden snapshot until the fleet's own changes. */
  | { readonly do: 'restore_config' }
  /** Every file of the kernel's folder as it was in the last golden snapshot. */
  | { readonly do: 'restore_code' }
  /** A unified diff against one source file of the kernel; `file` is relative to the kernel's folder, with `/`. */
  | { readonly do: 'apply_patch'; readonly file: string; readonly preimageSha256: string; readonly patch: string }
  /** One value of the configuration, until the fleet's own value there changes. `key` is dotted: `retry.max`. */
  | { readonly do: 'set_config'; readonly key: string; readonly value: unknown }
  /** One limit of the kernel, until the fleet's own value of it changes. */
  | { readonly do: 'set_limit'; readonly limit: LimitName; readonly value: number }
  /** Refuse this one message (method and hash of its arguments) from now on. */
  | { readonly do: 'park_message'; readonly method: string; readonly argsSha256: string }
  /** Refuse every message that the pattern matches from now on. */
  | ({ readonly do: 'park_pattern' } & MessagePattern)
  /** Move a folder of the kernel's data out of its way. Relative to its data folder, with `/`. */
  | { readonly do: 'clear_folder'; readonly folder: string }

/** What only the runtime can do: carried out in the order of the list when the remedy is applied. */
export type LiveStep =
  /** Start the kernel with what came before; the steps after it are carried out when it serves again. */
  | { readonly do: 'restart' }
  /** Messages go to another kernel until this one serves again. */
  | { readonly do: 'reroute'; readonly to: string }
  | { readonly do: 'wait'; readonly ms: number }
  /** Operators are told, as of an incident. */
  | { readonly do: 'notify'; readonly text: string }
  /** An ask of any kernel of the fleet; with `expect` its reply must be equal to that. */
  | {
      readonly do: 'ask'
      readonly kernel: string
      readonly method: string
      readonly args: readonly unknown[]
      readonly expect?: unknown
      /** Asked of the same kernel where a later step fails or the repair is taken back. */
      readonly undo?: { readonly method: string; readonly args: readonly unknown[] }
    }

/** What holds for any step beside what it does. */
export interface StepTerms {
  /** Where this does not hold the step is left out, in the proof and in service alike. */
  readonly onlyIf?: Precondition
  /** Longest that carrying it out in service may take. Milliseconds; default limits.playbookStepMs. */
  readonly timeoutMs?: number
}

/** One thing that can be looked up when the step's turn comes. */
export type Precondition =
  /** The file's text as it would run now, with what the steps before changed. `file` as in apply_patch. */
  | { readonly fileSha256: { readonly file: string; readonly is: string } }
  /** The configuration with what the steps before changed. A key that is missing equals nothing. */
  | { readonly config: { readonly key: string; readonly equals: unknown } }
  /** Where the kernel failed. */
  | { readonly phase: FailurePhase }
  /** Whether another kernel serves now; of live steps only, since the sandbox has no other kernels. */
  | { readonly kernel: { readonly id: string; readonly serves: boolean } }

export type RemedyStep = (ProvableStep | LiveStep) & StepTerms
/** A step by its name, with its terms. */
export type StepOf<D extends RemedyStep['do']> = Extract<RemedyStep, { do: D }>

const liveNames = ['restart', 'reroute', 'wait', 'notify', 'ask'] as const satisfies readonly LiveStep['do'][]
export const stepNames = [
  ...(['restore_state', 'restore_config', 'restore_code', 'apply_patch', 'set_config', 'set_limit'] as const),
  ...(['park_message', 'park_pattern', 'clear_folder'] as const),
  ...liveNames,
] as const satisfies readonly RemedyStep['do'][]

const liveSteps: ReadonlySet<RemedyStep['do']> = new Set(liveNames)

export function isLive(step: RemedyStep): step is LiveStep & StepTerms {
  return liveSteps.has(step.do)
}

/** Which part of the kernel a remedy gives up, for tables and tallies. */
export type HealedBy =
  | 'restart'
  | 'state'
  | 'config'
  | 'code'
  | 'parked message'
  | 'playbook'
  | 'restore'
  | 'failover'
  | 'person'

export interface Remedy {
  /** Who proposed it: a repair agent's name, such as `restore.config` or `model`, or who submitted it. */
  readonly agent: string
  readonly healedBy: HealedBy
  readonly steps: readonly RemedyStep[]
  /** One sentence for a person. */
  readonly why: string
  /** Name of the playbook, where one proposed it. */
  readonly playbook?: string
}

/** hotfix: served in place of the files. source: written into them as well, once the kernel is steady with it. */
export const applyTargets = ['hotfix', 'source'] as const
export type ApplyTo = (typeof applyTargets)[number]

export function isApplyTo(value: unknown): value is ApplyTo {
  return applyTargets.some((target) => target === value)
}

/** What one agent's work on one failure has cost. Sandbox runs are of the agent itself; those of proofs are not counted. */
export interface RepairCost {
  readonly durationMs: number
  readonly sandboxRuns: number
  readonly tokensIn: number
  readonly tokensOut: number
  /** US dollars, where prices were configured. */
  readonly usd: number
}

/** Source text served in place of a file, under the file's own URL. */
export interface Overlay {
  readonly [fileUrl: string]: { readonly preimageSha256: string; readonly text: string }
}

/** One message as the flight recorder keeps it. */
export interface RecordedMessage {
  readonly kind: 'ask' | 'tell'
  readonly from: string
  readonly method: string
  /** v8.serialize of the argument list. */
  readonly args: Uint8Array
  readonly at: number
  /** What the kernel answered to an ask; absent where it had not answered, or the answer was not kept. */
  readonly reply?: RecordedOutcome
}

/** v8.serialize of the value, or the error that the handler threw. */
export type RecordedOutcome = { readonly value: Uint8Array } | { readonly error: ErrorRecord }

/** Healthy messages with their replies, and what the instance that handled them was started from. */
export interface HoldOut {
  readonly config: Record<string, unknown>
  /** v8.serialize of the state; absent where there was none. */
  readonly state?: Uint8Array
  readonly messages: readonly RecordedMessage[]
  readonly replies: readonly RecordedReply[]
}

/** An ask that the kernel made itself, with its answer; replays are answered from these. */
export interface RecordedReply {
  readonly to: string
  readonly method: string
  /** v8.serialize of the argument list. */
  readonly args: Uint8Array
  /** v8.serialize of the value; absent where it failed. */
  readonly value?: Uint8Array
  readonly error?: ErrorRecord
}

/** A source file of a kernel's import graph outside node_modules and outside this package. */
export interface LoadedFile {
  readonly url: string
  /** Of the file on disk when it was loaded. */
  readonly sha256: string
  /** As it was run: with the hotfix, where one is in force. */
  readonly text: string
}

/** What was good when the kernel was last steady. */
export interface Golden {
  readonly kernel: string
  readonly at: number
  /** Name of the snapshot whose state is good; absent where the kernel keeps no state. */
  readonly snapshot?: string
  readonly codeSha256: string
  /** Source texts by file URL, as loaded (hotfixes included). */
  readonly sources: Readonly<Record<string, string>>
  readonly config: Record<string, unknown>
}

/** Everything a repair may look at. */
export interface Evidence {
  readonly kernel: string
  readonly incident: string
  readonly fingerprint: string
  readonly error: ErrorRecord
  /** Where it failed: import, start, message, idle, snapshot. */
  readonly phase: FailurePhase
  readonly files: readonly LoadedFile[]
  readonly config: Record<string, unknown>
  /** State that the failed instance was started from, v8.serialize; absent where there was none. */
  readonly state?: Uint8Array
  readonly messages: readonly RecordedMessage[]
  readonly replies: readonly RecordedReply[]
  /** Folder with kernel.log, error.json and the rest. */
  readonly folder: string
  /** How the kernel was run, for a replay without its runtime. Absent in evidence of earlier versions. */
  readonly ran?: RanAs
  /** Traffic of the time when the kernel was last golden; absent where none was kept. */
  readonly holdOut?: HoldOut
}

/** Of the kernel's spec, what a replay needs. */
export interface RanAs {
  readonly entryUrl: string
  readonly crashOn: CrashOn
  readonly heapMb: number
  readonly startMs: number
}

export type FailurePhase = 'import' | 'start' | 'message' | 'idle' | 'snapshot' | 'stop'

/** In the order in which they are judged. */
export const proofLineNames = [
  ...(['protected', 'size', 'types', 'red before', 'boots', 'green after', 'check'] as const),
  ...(['hold-out', 'mutation', 'red again'] as const),
] as const
export type ProofLineName = (typeof proofLineNames)[number]

/** One line of a proof. */
export interface ProofLine {
  readonly name: ProofLineName
  readonly passed: boolean
  readonly detail: string
  readonly durationMs: number
}

export interface Verdict {
  readonly passed: boolean
  readonly lines: readonly ProofLine[]
  /** What the sandbox could enforce on this machine and Node version. */
  readonly isolation: Isolation
  readonly durationMs: number
  /** Why it was refused, in one sentence; absent where it passed. */
  readonly refusal?: string
}

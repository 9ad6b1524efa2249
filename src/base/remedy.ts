/**
 * What a repair is made of. An agent proposes a remedy, the proof tries it in the sandbox, the supervisor applies it,
 * a playbook stores it: one list of typed steps serves all four, so that what was proved is what is learnt.
 */
import type { ErrorRecord } from './error-record.ts'
import type { CrashOn, Isolation } from './spec.ts'

export type RemedyStep =
  /** Start from the state of the last golden snapshot. */
  | { readonly do: 'restore_state' }
  /** Use the configuration of the last golden snapshot until the fleet's own changes. */
  | { readonly do: 'restore_config' }
  /** A unified diff against one source file of the kernel; `file` is relative to the kernel's folder, with `/`. */
  | { readonly do: 'apply_patch'; readonly file: string; readonly preimageSha256: string; readonly patch: string }
  /** Refuse this one message (method and hash of its arguments) from now on. */
  | { readonly do: 'park_message'; readonly method: string; readonly argsSha256: string }

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

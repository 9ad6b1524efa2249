/**
 * One run of a candidate in the sandbox: what is asked (TrialJob) and what came of it (TrialResult). Plain data, shared
 * by the pool in this folder and by the two files in sandbox/ that carry it out. It decides nothing: verification/ judges.
 */
import type { ErrorRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import type { FailurePhase, Overlay, RecordedMessage, RecordedReply } from '../base/remedy.ts'
import type { CrashOn, Isolation } from '../base/spec.ts'
import { bubblewrapHere } from './bubblewrap.ts'

export interface TrialJob {
  /** `replay`: the recorded messages, in order. `check`: check.ts against a fresh instance without state. */
  readonly mode: 'replay' | 'check'
  readonly kernel: string
  readonly entryUrl: string
  /** Present in mode `check`. Never overlaid. */
  readonly checkUrl?: string
  readonly overlay: Overlay
  readonly config: Record<string, unknown>
  /** v8.serialize of the state to start from. */
  readonly state?: Uint8Array
  readonly messages: readonly RecordedMessage[]
  readonly replies: readonly RecordedReply[]
  readonly crashOn: CrashOn
  /** Absolute path of a folder with `data/` and `out/`: the only places the candidate may write to. */
  readonly folder: string
  /** Such a folder for the trial that most likely follows: a process is started for it beforehand. */
  readonly nextFolder?: string
  /** file: URLs of the kernel's import graph, which may be read besides the kernel's own folder. */
  readonly files: readonly string[]
  readonly bounds: TrialBounds
}

/** Milliseconds, megabytes and bytes; see base/limits.ts for the reasons. */
export interface TrialBounds {
  readonly runMs: number
  readonly startMs: number
  readonly messageMs: number
  readonly settleMs: number
  readonly heapMb: number
  readonly rssMb: number
  readonly outputBytes: number
}

export const defaultBounds: TrialBounds = {
  runMs: limits.sandboxRunMs,
  startMs: limits.sandboxStartMs,
  messageMs: limits.sandboxMessageMs,
  settleMs: limits.sandboxSettleMs,
  heapMb: limits.sandboxHeapMb,
  rssMb: limits.sandboxRssMb,
  outputBytes: limits.sandboxOutputBytes,
}

export type TrialPhase = FailurePhase | 'check'

export interface TrialResult {
  readonly outcome: 'passed' | 'failed' | 'hung' | 'exited'
  /** What was going on when it ended; `idle` where it passed. */
  readonly phase: TrialPhase
  readonly error?: ErrorRecord
  /** Index of the message that was being handled, or was handled last. */
  readonly at?: number
  /** The candidate needed what the cage does not give; nothing is proved either way. */
  readonly refused?: 'CAGE_UNSUITABLE'
  /** What it needed, for a person: `reading /etc/hosts`. */
  readonly needed?: string
  /** How each replayed message was answered, in their order, as far as it came; absent in mode `check`. */
  readonly answers?: readonly TrialAnswer[]
  /** Last lines that the kernel logged. */
  readonly log: readonly string[]
  readonly durationMs: number
}

/** Enough to compare two answers by, without carrying them. */
export type TrialAnswer =
  /** Of v8.serialize of a copy of the value, see answer.ts. */
  | {
      readonly valueSha256: string
      /** base64 of it, up to limits.answerValueBytes. */
      readonly value?: string
    }
  /** An ordinary error: `TypeError ERR_INVALID_ARG_TYPE`. */
  | { readonly error: string }

/** What one run took. Times of the candidate's process; rssMb is the most that was seen. */
export interface TrialCost {
  readonly durationMs: number
  readonly cpuMs?: number
  readonly rssMb?: number
  /** The process had been started beforehand. */
  readonly warm: boolean
}

export type IsolatedResult = TrialResult & {
  readonly isolation: Isolation
  readonly pid: number
  readonly cost?: TrialCost
}

export type RunTrial = (job: TrialJob, signal: AbortSignal) => Promise<IsolatedResult>

/** What this machine gives a candidate; the first call tries bubblewrap out, see bubblewrap.ts. */
export function isolationHere(): Isolation {
  return bubblewrapHere().path === undefined ? permissionHere() : 'bwrap+permission'
}

/** What the permission model of this Node can deny: the network only from 26 on (FACTS C). */
export function permissionHere(): Isolation {
  return process.allowedNodeEnvironmentFlags.has('--allow-net') ? 'permission' : 'weak'
}

/**
 * What the journal remembers, as plain objects. Times are epoch milliseconds. An absent value is an absent key, never
 * null. Who writes which row when is the supervisor's business; nothing here decides.
 */
import type { ErrorRecord } from '../base/error-record.ts'
import type { EventType } from '../base/events.ts'
import type { PatternTerm } from '../base/message-pattern.ts'
import type { FailurePhase, HealedBy, Remedy, RemedyStep, RepairCost, Verdict } from '../base/remedy.ts'
import type { Tier } from '../base/spec.ts'

/** Where a kernel stands, so that a restart of the process finds it there. */
export interface KernelRow {
  readonly id: string
  /** Dotted state of the chart, such as `quarantined.waiting`. */
  readonly state: string
  /** Failures since it was last steady. */
  readonly failures: number
  /** Repairs tried for the open incident. */
  readonly attempts: number
  /** Starts since it was last steady. */
  readonly starts: number
  readonly incident?: string
  /** Whatever else the supervisor must know again. Plain JSON data. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly at: number
}

export interface IncidentRow {
  readonly id: string
  readonly kernel: string
  readonly fingerprint: string
  readonly tier: Tier
  readonly status: 'open' | 'resolved'
  readonly openedAt: number
  readonly resolvedAt?: number
  /** How often the same failure was seen while it was open. */
  readonly count: number
  readonly error: ErrorRecord
  readonly phase: FailurePhase
  /** The evidence. */
  readonly folder?: string
  readonly healedBy?: HealedBy
  readonly playbook?: string
  /** One sentence: how it ended. */
  readonly resolution?: string
}

/** One failure of one kernel, escalated or not. */
export interface FailureRow {
  readonly kernel: string
  readonly at: number
  readonly fingerprint: string
  readonly error: ErrorRecord
  readonly phase: FailurePhase
  readonly incident?: string
  /** What was decided about it, such as `restart` or `escalate`. */
  readonly decision: string
}

/** One attempt at a repair. `incident` and `n` together are its name. */
export interface AttemptRow {
  readonly incident: string
  /** 1 is the first. */
  readonly n: number
  readonly agent: string
  readonly healedBy: HealedBy
  readonly steps: readonly RemedyStep[]
  readonly why: string
  readonly verdict?: Verdict
  /** Of the agent, up to this candidate. */
  readonly cost?: RepairCost
  readonly at: number
  /** How far it came, such as `proposed`, `refused`, `applied`. */
  readonly outcome: string
}

export interface TaskRow {
  readonly id: string
  readonly incident: string
  readonly kernel: string
  readonly type: 'fix_kernel_failure'
  /** 1 to 10, 10 first. */
  readonly priority: number
  readonly status: 'open' | 'closed'
  readonly error: string
  readonly diagnosticPath: string
  readonly log: readonly string[]
  readonly createdAt: number
  readonly closedAt?: number
  readonly outcome?: string
  readonly remedy?: Remedy
  /** Who works on it, in words of their own; absent where nobody has said so. */
  readonly claimedBy?: string
  readonly claimedAt?: number
  /** Until when the remedy may be approved. */
  readonly expiresAt?: number
}

/** A message that was not handled, and why. */
export interface DeadLetter {
  readonly kernel: string
  readonly from: string
  readonly method: string
  readonly kind: 'ask' | 'tell'
  /** Code of the error that the sender saw or would have seen. */
  readonly code: string
  readonly reason: string
  /** v8.serialize of the argument list; the journal keeps the first limits.deadLetterBytes of it. */
  readonly args?: Uint8Array
  readonly at: number
}

export interface DeadLetterRow extends DeadLetter {
  /** Counts up. */
  readonly id: number
  /** Bytes before the cut: larger than args.length means that args cannot be deserialized. */
  readonly argsBytes?: number
  /** When it was sent again; absent: never. Epoch milliseconds. */
  readonly replayedAt?: number
  /** What became of that: `sent` (not known yet, or never), `handled`, `replied`, or `CODE: why it was not`. */
  readonly outcome?: string
}

/** A message that crashed a kernel; parked where `parkedAt` is set. */
export interface PoisonRow {
  readonly kernel: string
  readonly method: string
  readonly argsSha256: string
  readonly crashes: number
  /** Of the failure of the last crash. */
  readonly fingerprint?: string
  readonly reason?: string
  readonly parkedAt?: number
  /** The repair that parked it; absent where its crashes did. */
  readonly hotfix?: string
  /** Of the last crash. */
  readonly at: number
}

/** Messages of a kernel that are refused by what is in them, see base/message-pattern.ts. */
export interface ParkedPatternRow {
  readonly kernel: string
  readonly method: string
  /** What must hold of the arguments; canonical, so that one pattern is one row. */
  readonly pattern: readonly PatternTerm[]
  readonly reason: string
  /** The repair that parked it. */
  readonly hotfix?: string
  readonly at: number
}

export interface HotfixRow {
  readonly id: string
  readonly kernel: string
  readonly incident: string
  /** writing, written: taken over into the source files, half or wholly. */
  readonly status: 'probation' | 'steady' | 'rolledBack' | 'dropped' | 'writing' | 'written'
  readonly steps: readonly RemedyStep[]
  readonly agent: string
  readonly healedBy: HealedBy
  /** One sentence for a person. */
  readonly why: string
  /** Path of the overlay file. */
  readonly file: string
  readonly at: number
  /** Name of the snapshot that it starts from. */
  readonly stateFrom?: string
  readonly playbook?: string
}

/** What a person has switched for the whole runtime, by name. */
export interface SettingRow {
  readonly name: 'repairs'
  /** Plain JSON data. */
  readonly value: unknown
  readonly at: number
}

export interface PlaybookUse {
  readonly playbook: string
  readonly kernel: string
  readonly incident: string
  readonly outcome: 'succeeded' | 'failed'
  readonly at: number
}

/** One accepted text of a kernel's playbook file. */
export interface PlaybookVersionRow {
  readonly kernel: string
  /** 1 is the first of this kernel. */
  readonly version: number
  readonly at: number
  /** One line: what changed, and by whom. */
  readonly change: string
  /** The one that changed; absent where it is more than one, or the file. */
  readonly playbook?: string
  /** Of the whole file; empty where it is gone. */
  readonly text: string
}

export interface PlaybookStats {
  readonly succeeded: number
  readonly failed: number
}

/** Something that happened to the journal itself, to be emitted as an event. */
export interface JournalNote {
  readonly type: Extract<EventType, 'journal.setAside' | 'journal.failed' | 'journal.resumed'>
  readonly facts: Readonly<Record<string, unknown>>
}

export interface IncidentFilter {
  readonly kernel?: string | undefined
  readonly status?: IncidentRow['status'] | undefined
  /** Rows at most, newest first. Default limits.journalReadRows. */
  readonly limit?: number | undefined
}

export interface TaskFilter {
  readonly kernel?: string | undefined
  readonly status?: TaskRow['status'] | undefined
  /** Rows at most: highest priority first, then oldest first. Default limits.journalReadRows. */
  readonly limit?: number | undefined
}

/** What is named must hold, all of it. */
export interface DeadLetterFilter {
  readonly kernel?: string | undefined
  readonly from?: string | undefined
  readonly method?: string | undefined
  /** Code of the error, such as MAILBOX_FULL. */
  readonly code?: string | undefined
  /** Is found within the reason; upper and lower case of A to Z are the same. */
  readonly text?: string | undefined
  /** Epoch milliseconds, both included. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** True: those that have been sent again; false: those that have not. */
  readonly replayed?: boolean | undefined
  /** True: those whose arguments were kept whole. */
  readonly whole?: true | undefined
  /** To one of these. */
  readonly kernels?: readonly string[] | undefined
  /** These alone, limits.deadLetterReplayMax of them at most. */
  readonly ids?: readonly number[] | undefined
  /** Only those with a smaller id: the page after the one that ended with this. */
  readonly before?: number | undefined
  /** Default `newest first`. */
  readonly order?: 'newest first' | 'oldest first' | undefined
  /** Rows at most. Default limits.journalReadRows. */
  readonly limit?: number | undefined
}

export interface EventFilter {
  /** Only events with a larger number; the first of them where there are more than `limit`. Without it: the last ones. */
  readonly after?: number | undefined
  /** Only events with a smaller number. */
  readonly before?: number | undefined
  readonly kernel?: string | undefined
  readonly type?: EventType | undefined
  /** Only events of these types: looked up type by type, so that a flood of others costs nothing. */
  readonly types?: readonly EventType[] | undefined
  /** Default limits.journalReadRows. */
  readonly limit?: number | undefined
}

/**
 * The story of one incident, as the page, the exported file and the command line tell it: what failed, where it is on the
 * ladder, what was found, what was tried, what is needed from a person. Plain data, bounded (limits.story...), everything
 * in it redacted. Types only.
 */
import type { FailurePhase, HealedBy, ProofLineName, RemedyStep, RepairCost } from '../base/remedy.ts'
import type { Isolation, Tier } from '../base/spec.ts'
import type { Flame } from '../chart/flame.ts'
import type { SourceFrame } from '../diagnostics/source-frames.ts'
import type { HotfixRow } from '../journal/rows.ts'
import type { DiffFile } from './diff-rows.ts'

export type StoryTone = 'good' | 'watch' | 'bad' | 'calm' | 'plain'

export interface Story {
  /** Epoch milliseconds; when it was told. */
  readonly at: number
  readonly incident: StoryIncident
  readonly headline: Headline
  /** The error, then its causes. */
  readonly errors: readonly StoryError[]
  /** What came before, oldest first: failures since the kernel was last steady, and those after the opening. */
  readonly failures: readonly StoryFailure[]
  readonly failuresLeftOut: number
  readonly kernel?: StoryKernel
  readonly ladder: readonly LadderStep[]
  /** Steps between opening and the first one shown that were too many. */
  readonly stepsLeftOut: number
  readonly evidence: StoryEvidence
  readonly attempts: readonly StoryAttempt[]
  readonly attemptsLeftOut: number
  /** The open one. */
  readonly task?: StoryTask
  readonly hotfix?: StoryHotfix
  readonly playbook?: StoryPlaybook
  /** Others of the same fingerprint, newest first. */
  readonly related: readonly StoryRelated[]
}

export interface StoryIncident {
  readonly id: string
  readonly kernel: string
  readonly tier: Tier
  readonly status: 'open' | 'resolved'
  readonly openedAt: number
  readonly resolvedAt?: number
  readonly count: number
  readonly phase: FailurePhase
  readonly fingerprint: string
  readonly healedBy?: HealedBy
  readonly resolution?: string
}

export interface Headline {
  /** What failed, on one line. */
  readonly what: string
  /** Where it stands now. */
  readonly now: string
  readonly tone: StoryTone
  /** What a person is needed for; absent where nobody is. */
  readonly need?: string
}

export interface StoryError {
  readonly name: string
  readonly code?: string
  readonly message: string
  readonly stack?: string
  readonly hint?: string
  readonly frames: readonly SourceFrame[]
}

export interface StoryFailure {
  readonly at: number
  readonly phase: FailurePhase
  readonly text: string
  /** Of the same fingerprint. */
  readonly same: boolean
}

export interface StoryKernel {
  /** State of the chart, dotted. */
  readonly state: string
  /** A runtime runs; otherwise it is where the last process left it. */
  readonly live: boolean
  readonly servedBy?: string
  readonly why?: string
  /** Both budgets; `max` and `maxAttempts` are known of a running runtime only. */
  readonly budget: {
    readonly failures: number
    readonly starts: number
    readonly attempts: number
    readonly max?: number
    readonly maxAttempts?: number
  }
}

export interface LadderStep {
  /** Of the five; absent of what is none of them. */
  readonly step?: 1 | 2 | 3 | 4 | 5
  readonly title: string
  readonly at: number
  /** Absent while it goes on. */
  readonly endAt?: number
  readonly tone: StoryTone
  readonly words: string
  readonly parts: readonly LadderPart[]
}

export interface LadderPart {
  readonly at: number
  readonly text: string
  readonly tone: StoryTone
}

export interface StoryEvidence {
  readonly folder?: string
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** A sentence for each file that is missing, or is not what it should be. */
  readonly problems: readonly string[]
  readonly log: readonly StoryLogLine[]
  readonly messages: readonly StoryMessage[]
  readonly messagesLeftOut: number
  readonly resources: readonly StoryResource[]
  /** The configuration it ran with, as JSON. */
  readonly config?: string
  readonly flame?: Flame
  /** Why a hung thread has no profile. */
  readonly flameMissing?: string
  readonly hangStack?: string
  readonly drift: readonly string[]
  readonly damage: readonly string[]
}

export interface StoryLogLine {
  /** Epoch milliseconds; absent where the line does not say. */
  readonly time?: number
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  readonly msg: string
  /** What else it holds, as JSON. */
  readonly facts?: string
}

export interface StoryMessage {
  readonly at?: number
  /** reply: an answer that the kernel itself got. */
  readonly kind: 'ask' | 'tell' | 'reply'
  /** Who sent it, or who answered. */
  readonly other: string
  readonly method: string
  /** JSON. */
  readonly args: string
  /** JSON, or the error in words; absent where it was not answered. */
  readonly answer?: string
  readonly failed: boolean
}

export interface StoryResource {
  readonly name: string
  readonly value: string
  /** 0 to 1, where it is a part of a whole. */
  readonly share?: number
}

export interface StoryAttempt {
  readonly n: number
  readonly at: number
  readonly agent: string
  readonly healedBy: HealedBy
  readonly outcome: string
  /** It is the one that was applied, or that waits for a word. */
  readonly role?: 'applied' | 'waiting'
  readonly why: string
  readonly steps: readonly StoryStep[]
  readonly proof?: StoryProof
  readonly cost?: RepairCost
}

export interface StoryStep {
  readonly do: RemedyStep['do']
  readonly words: string
  /** What it changes, a file each; absent of a step that changes no text. */
  readonly diffs?: readonly DiffFile[]
  /** Why what it changes is not shown, or not all of it. */
  readonly remark?: string
}

export interface StoryProof {
  readonly passed: boolean
  readonly isolation: Isolation
  readonly durationMs: number
  readonly refusal?: string
  readonly lines: readonly {
    readonly name: ProofLineName
    readonly passed: boolean
    readonly detail: string
    readonly durationMs: number
  }[]
}

export interface StoryTask {
  readonly id: string
  readonly createdAt: number
  /** A proved repair waits in it for a word. */
  readonly waits: boolean
  readonly expiresAt?: number
  readonly claim?: { readonly by: string; readonly until: number }
}

export interface StoryHotfix {
  readonly id: string
  readonly status: HotfixRow['status']
  readonly at: number
  readonly agent: string
  readonly why: string
}

export interface StoryPlaybook {
  readonly name: string
  /** used: it was there already and healed this; learnt: it came of this. */
  readonly role: 'used' | 'learnt'
  readonly versions: readonly { readonly version: number; readonly at: number; readonly change: string }[]
  /** Of the newest version that is about it; empty where it is not kept any more. */
  readonly text: string
}

export interface StoryRelated {
  readonly id: string
  readonly openedAt: number
  readonly status: 'open' | 'resolved'
  readonly healedBy?: HealedBy
}

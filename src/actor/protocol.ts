/**
 * The wire between host and thread: two tagged unions and the words of the shared page. No logic.
 * The host posts lists of HostMessage; a thread posts one ThreadMessage at a time, and rings the doorbell only when the
 * host has said that it sleeps.
 */
import type { Transferable } from 'node:worker_threads'
import type { ErrorRecord } from '../base/error-record.ts'
import type { FailurePhase, LoadedFile, Overlay } from '../base/remedy.ts'
import type { CrashOn } from '../base/spec.ts'
import type { InspectedRecord } from '../chart/inspected.ts'

/** First post to a new thread; hands over the ports, which nobody but thread-main sees. */
export interface ThreadPorts {
  readonly data: import('node:worker_threads').MessagePort
  readonly log: import('node:worker_threads').MessagePort
  readonly doorbell: import('node:worker_threads').MessagePort
  readonly page: SharedArrayBuffer
  /** The thread numbers its lines from here. */
  readonly lineBase: number
}

/** What is said between a remote, or a callback, and what it leads to. See line.ts. */
export type LineMessage =
  /** A remote of a kernel's api begins. The host opens it in a thread; a thread asks the host for one. */
  | { readonly t: 'lineOpen'; readonly line: number; readonly to: string }
  | {
      readonly t: 'line'
      readonly line: number
      /** Comlink's own message. */
      readonly said: unknown
      /** What of it moves. */
      readonly moved?: readonly Transferable[]
      /** Lines of the functions that are given with it. */
      readonly given?: readonly number[]
      /** Monotonic milliseconds; absent: none. */
      readonly deadlineAt?: number
    }
  /** Nobody is at the sender's end any more. */
  | { readonly t: 'lineEnd'; readonly line: number; readonly error?: ErrorRecord }

export interface BootRequest {
  readonly kernel: string
  readonly entryUrl: string
  readonly config: Record<string, unknown>
  /** v8.serialize of the state to start from. */
  readonly state?: Uint8Array
  readonly dataDir: string
  /** Folder where Node keeps compiled code from one start to the next. */
  readonly compiledDir: string
  readonly overlay: Overlay
  readonly concurrency: number
  readonly crashOn: CrashOn
  /** askMs of every kernel of the fleet: the default deadline is the target's. */
  readonly askMs: Readonly<Record<string, number>>
  /** Load the module and wait: start() is called when `promote` comes. */
  readonly standby?: true
}

export type HostMessage =
  | { readonly t: 'boot'; readonly request: BootRequest }
  | {
      readonly t: 'message'
      readonly kind: 'ask' | 'tell'
      /** Number in this kernel's mailbox. */
      readonly n: number
      /** Word of the page that says how far this message is. */
      readonly slot: number
      readonly from: string
      readonly method: string
      readonly args: readonly unknown[]
      /** Monotonic milliseconds; 0: none. */
      readonly deadlineAt: number
    }
  | { readonly t: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly t: 'failed'; readonly id: number; readonly error: ErrorRecord }
  | { readonly t: 'bus'; readonly topic: string; readonly payload: unknown }
  | { readonly t: 'snapshot'; readonly id: number }
  /** Nobody waits for that snapshot any more: messages must not either. */
  | { readonly t: 'withdraw'; readonly id: number }
  /** The host could not read the thread's nth post, counted from 1: it is nested too deeply for the host's stack. */
  | { readonly t: 'unread'; readonly nth: number }
  /** Answered with a beat and `alive` as soon as the thread's loop comes round. */
  | { readonly t: 'probe' }
  /** A standby starts now, from this state. */
  | { readonly t: 'promote'; readonly state?: Uint8Array }
  | { readonly t: 'stop' }
  | LineMessage

export type ThreadMessage =
  /** A standby has loaded the kernel's module. */
  | { readonly t: 'standing' }
  | {
      readonly t: 'ready'
      readonly methods: readonly string[]
      readonly keepsState: boolean
    }
  | {
      readonly t: 'crashed'
      readonly error: ErrorRecord
      readonly phase: FailurePhase
      readonly permanent: boolean
      readonly vitals: InstanceVitals
    }
  | { readonly t: 'files'; readonly files: readonly LoadedFile[] }
  | { readonly t: 'bye' }
  | { readonly t: 'alive' }
  /** An ask was replied to. */
  | {
      readonly t: 'handled'
      readonly n: number
      readonly value?: unknown
      readonly error?: ErrorRecord
      /** The error is the runtime's, not the handler's. */
      readonly refused?: true
    }
  /** Tells were handled. */
  | { readonly t: 'told'; readonly n: readonly number[] }
  | {
      readonly t: 'send'
      readonly kind: 'ask' | 'tell'
      /** Number in the sender's outbox; the reply to an ask names it. */
      readonly id: number
      readonly to: string
      readonly method: string
      readonly args: readonly unknown[]
      readonly deadlineAt: number
      readonly idempotent: boolean
      /** Mailbox number of the message during whose handling it was sent; 0: start(); -1: neither. */
      readonly during: number
      /** A tell whose arguments could not leave the thread; they are missing. */
      readonly unclonable?: ErrorRecord
    }
  | { readonly t: 'subscribe'; readonly topic: string }
  | { readonly t: 'unsubscribe'; readonly topic: string }
  | { readonly t: 'snapshot'; readonly id: number; readonly state?: Uint8Array; readonly error?: ErrorRecord }
  | LineMessage
  /** What the kernel's own state machines did; see inspect.ts. */
  | { readonly t: 'inspected'; readonly records: readonly InspectedRecord[] }
  | { readonly t: 'exiting'; readonly code: number; readonly vitals: InstanceVitals }

/** How an instance was at its end. */
export interface InstanceVitals {
  readonly heapUsedBytes: number
  readonly heapLimitBytes: number
  /** Buffers and the like, which V8's limit does not count. */
  readonly externalBytes: number
  /** Share of its life in which its event loop was busy: 0 to 1. */
  readonly eventLoopUtilization: number
  /** Milliseconds since the thread began. */
  readonly uptimeMs: number
}

export interface LogLine {
  /** pino's numbers: 20 debug, 30 info, 40 warn, 50 error. */
  readonly level: 20 | 30 | 40 | 50
  /** Epoch milliseconds. */
  readonly time: number
  readonly msg: string
  readonly facts?: Record<string, unknown>
}

/** Words of the shared page (Int32). A kernel can write to it, so the host reads hints there, never truths. */
export const word = {
  /** 1: the host has taken everything and wants the doorbell. */
  hostSleeps: 0,
  /** Counts up with each message begun or finished: a sign of life. */
  beat: 1,
  /** Posts made by the thread. */
  posted: 2,
  /** Posts taken by the host. */
  taken: 3,
  /** FailurePhase as a number: what the thread is doing. */
  phase: 4,
  /** The same two for lines of the log. */
  logPosted: 5,
  logTaken: 6,
  slots: 16,
} as const

/** Values of a slot. */
export const slotState = { waiting: 0, begun: 1, finished: 2 } as const
/** Values of word.phase. */
export const phaseWord = { import: 1, start: 2, idle: 3, message: 4, snapshot: 5, stop: 6 } as const

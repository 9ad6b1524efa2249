/**
 * How the command line talks to a running runtime: one JSON object a line over a Unix socket, a request with an id, and
 * replies with the same id. A stream answers with an item a line until it is cancelled or the connection closes. No logic.
 */
import type { ErrorRecord } from '../base/error-record.ts'

export interface ControlRequest {
  readonly id: number
  readonly op: ControlOp | StreamOp | 'cancel'
  readonly params: Readonly<Record<string, unknown>>
}

export const controlOps = [
  ...(['status', 'logs', 'incidents', 'incident', 'tasks', 'playbooks', 'deadLetters', 'events'] as const),
  ...(['restart', 'quarantine', 'repair', 'rejoin', 'park', 'approve', 'reject'] as const),
  ...(['playbookVersions', 'dryRunPlaybook', 'runPlaybook'] as const),
  ...(['hotfixes', 'applyHotfix', 'revertHotfix', 'repairs'] as const),
  ...(['deadLetterCount', 'replayDeadLetters', 'playbooksInWords'] as const),
  ...(['history', 'machines', 'story'] as const),
  ...(['task', 'claimTask', 'releaseTask', 'handOver', 'submit', 'tryOut'] as const),
] as const
export type ControlOp = (typeof controlOps)[number]

/**
 * Answered with items: `events` ({}) with each event, `logLines` ({ kernel?, level?, from? }) with each line of the logs as
 * a text, after the last `from` of them. `cancel` ({ request: id }) ends one; its last answer is a result.
 */
export const streamOps = ['events', 'logLines'] as const
export type StreamOp = (typeof streamOps)[number]

/** The ops that change something, or run something: they are journaled, and refused where one may only look. */
export const commandOps: ReadonlySet<ControlOp> = new Set([
  ...(['restart', 'quarantine', 'repair', 'rejoin', 'park', 'approve', 'reject'] as const),
  ...(['runPlaybook', 'applyHotfix', 'revertHotfix', 'replayDeadLetters'] as const),
  ...(['claimTask', 'releaseTask', 'handOver', 'submit', 'tryOut'] as const),
])

/** `repairs` asks, or switches where it says `on`. */
export function isCommand(op: ControlOp, params: Readonly<Record<string, unknown>>): boolean {
  return commandOps.has(op) || (op === 'repairs' && params.on !== undefined)
}

export type ControlReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorRecord }
  /** One of many; the request stays open. */
  | { readonly id: number; readonly item: unknown }

/**
 * What every repair agent is: a task with evidence and workspace in, candidate remedies out. It can be aborted, its cost
 * is counted, and it applies and proves nothing: whatever it says about its own candidate is not believed.
 */
import type { Evidence, Golden, RecordedMessage, Remedy, RemedyStep, RepairCost, Verdict } from '../../base/remedy.ts'
import type { IsolatedResult } from '../trial.ts'

export interface AgentInput {
  readonly evidence: Evidence
  /** The texts that ran by file URL, see sources.ts. */
  readonly sources: Readonly<Record<string, string>>
  /** URL of the kernel's folder, with a slash at the end. */
  readonly kernelFolderUrl: string
  readonly golden?: Golden | undefined
  /** v8.serialize of the golden snapshot's state. */
  readonly goldenState?: Uint8Array | undefined
  /** Remedy of the playbook that knows this failure. */
  readonly playbook?: Remedy | undefined
  /** Where Node keeps the compiled code of helpers' processes; absent: nowhere. */
  readonly compiledDir?: string | undefined
  /** Absolute path of an empty folder of this agent's own, removed when the repair ends. */
  readonly folder: string
  /** check.ts beside the entry, where there is one: to be read, never to be changed. */
  readonly checkUrl?: string | undefined
  readonly signal: AbortSignal
  /**
   * Runs the recorded messages in the sandbox with these steps applied, as the proof would, without proposing them;
   * counted in the agent's cost.
   * @throws LazaretError PATCH_REFUSED where they cannot be applied, SANDBOX_FAILED; the signal's reason.
   */
  replay(steps: readonly RemedyStep[]): Promise<IsolatedResult>
  /** The same for check.ts against a fresh instance; undefined where there is none. */
  check(steps: readonly RemedyStep[]): Promise<IsolatedResult | undefined>
  /**
   * Runs these messages and no others, nothing mended; counted in the agent's cost. With `fromGolden` on the state of the
   * last golden snapshot, where there is one.
   * @throws LazaretError SANDBOX_FAILED; the signal's reason.
   */
  tryMessages(
    messages: readonly RecordedMessage[],
    options?: { readonly fromGolden?: boolean },
  ): Promise<IsolatedResult>
  /** An agent that writes code is asked after this one, if this one finds nothing that holds. */
  readonly isCodeWrittenNext: boolean
  /** What was judged in this repair so far, oldest first: a generator that goes on after a refusal finds it at the end. */
  readonly verdicts: readonly { readonly remedy: Remedy; readonly verdict: Verdict }[]
  /** Adds to the agent's cost. */
  spend(cost: Partial<Pick<RepairCost, 'tokensIn' | 'tokensOut' | 'usd'>>): void
  /** One line of what it is doing, for whoever watches. */
  progress(text: string): void
}

/** Agents that write code of their own, by name. */
export const codeWriters: ReadonlySet<string> = new Set(['model', 'command', 'acp'])

export interface RepairAgent {
  /** Names it in events, tables and verdicts: `restore.config`. */
  readonly name: string
  /** Candidates, best first; none where it has nothing to offer. An error says why it had to give up. */
  propose(input: AgentInput): AsyncIterable<Remedy> | Promise<Remedy[]>
}

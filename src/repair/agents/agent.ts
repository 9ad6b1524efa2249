/** What every repair agent is: something that proposes remedies. It applies nothing, and proves nothing. */
import type { Evidence, Golden, Remedy } from '../../base/remedy.ts'

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
  readonly signal: AbortSignal
}

export interface RepairAgent {
  /** Names it in events, tables and verdicts: `restore.config`. */
  readonly name: string
  /** Candidates, best first; none where it has nothing to offer. An error says why it had to give up. */
  propose(input: AgentInput): AsyncIterable<Remedy> | Promise<Remedy[]>
}

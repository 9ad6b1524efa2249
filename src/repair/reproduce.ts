/**
 * A recorded failure made to happen again in the sandbox: the code as it ran then, the recorded state, configuration,
 * messages and replies. And its shortest form: the fewest of the messages that still lead to the same failure at the
 * same place. It needs no runtime and mends nothing; nothing that it runs reaches another kernel.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ErrorRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import type { Evidence, LoadedFile, Overlay, RanAs, RecordedMessage } from '../base/remedy.ts'
import { ddmin } from './ddmin.ts'
import { readCrash } from './language-service/crash.ts'
import { defaultBounds, type IsolatedResult, type RunTrial, type TrialJob } from './trial.ts'
import { isSameFailure } from './verification/proof.ts'
import { Trials } from './verification/trials.ts'
import type { Workspace } from './workspace.ts'

export interface ReproduceInput {
  readonly evidence: Evidence
  readonly workspace: Workspace
  readonly run: RunTrial
  readonly signal: AbortSignal
  /** One line of what it is doing, for whoever watches. */
  progress(text: string): void
}

/** What may differ from what was recorded, to see whether it matters. */
export type Variation = Partial<Pick<TrialJob, 'messages' | 'replies' | 'config' | 'state'>>

export interface Shortest {
  readonly messages: readonly RecordedMessage[]
  /** False where the search ended before it was certain that none of them can be left out. */
  readonly isMinimal: boolean
}

/** As far as it was looked for: replies may be more than it needs. */
export type Essentials = Pick<Evidence, 'state' | 'replies'>

export class Reproduction {
  /** Sandboxed runs so far, and milliseconds that they took, one beside the other counted twice. */
  runs = 0
  sandboxMs = 0
  readonly #input: ReproduceInput
  readonly #trials: Trials
  readonly #files: FilesSince
  /** How it failed in the sandbox; the shorter forms are held against this. */
  #first: IsolatedResult | undefined

  private constructor(input: ReproduceInput, ran: RanAs, files: FilesSince) {
    this.#input = input
    this.#files = files
    const { evidence, workspace, signal } = input
    const { entryUrl, crashOn, heapMb, startMs } = ran
    const bounds = { heapMb, startMs: Math.min(startMs, defaultBounds.startMs) }
    this.#trials = new Trials({ evidence, entryUrl, crashOn, workspace, signal, bounds }, (job, signal) =>
      this.#count(input.run(job, signal)),
    )
  }

  /**
   * @throws LazaretError EVIDENCE_CORRUPT where it is of a version that did not keep how the kernel was run, NOT_FOUND
   * where a file that the kernel had loaded is gone.
   */
  static async of(input: ReproduceInput): Promise<Reproduction> {
    const { ran, files, folder } = input.evidence
    if (ran === undefined) {
      const text = `The evidence in ${folder} does not say how the kernel was run: an earlier version of lazaret wrote it.`
      throw new LazaretError('EVIDENCE_CORRUPT', text, { hint: 'Wait for the failure to happen again, or repair it.' })
    }
    return new Reproduction(input, ran, await filesSince(files, ran.entryUrl))
  }

  /** Files of which another text is on disk now; URLs. They are run as they were. */
  get changed(): readonly string[] {
    return this.#files.changed
  }

  /** Whether the files on disk differ from what ran: edited since, or run with a hotfix. */
  get runsOtherCode(): boolean {
    return Object.keys(this.#files.overlay).length > 0
  }

  /** Everything as it was recorded. @throws LazaretError SANDBOX_FAILED; the signal's reason. */
  async asThen(): Promise<IsolatedResult> {
    this.#input.progress(`replaying ${this.#input.evidence.messages.length} recorded messages`)
    this.#first ??= await this.#run({})
    return this.#first
  }

  /** The same with the files as they are on disk now, without any hotfix. */
  async asNow(messages?: readonly RecordedMessage[]): Promise<IsolatedResult> {
    this.#input.progress('replaying with the files as they are on disk now')
    return this.#trials.other({ overlay: {}, ...(messages && { messages }) })
  }

  /** The failure of the incident, at the place where it arose. */
  isTheFailure(result: IsolatedResult): boolean {
    const { evidence } = this.#input
    return isSameFailure(evidence, result) && this.#isSamePlace(evidence.error, result.error)
  }

  /** Whether it fails the same way with something else than was recorded. */
  async failsWith(variation: Variation): Promise<boolean> {
    const result = await this.#run(variation)
    const first = this.#first?.error ?? this.#input.evidence.error
    return isSameFailure(this.#input.evidence, result) && this.#isSamePlace(first, result.error)
  }

  /** The fewest of the recorded messages that still fail the same way, in their order. Call it when asThen() has failed. */
  async shortest(): Promise<Shortest> {
    const { signal, progress } = this.#input
    const endsAt = performance.now() + limits.replaySearchMs
    const runsBefore = this.runs
    const isOver = () => performance.now() > endsAt || this.runs - runsBefore >= limits.replayRuns
    const messages = await this.#withoutWhatNeverRan()
    const last = messages.slice(-1)
    // Most often the message that was in hand is enough by itself.
    const start = messages.length > 1 && (await this.failsWith({ messages: last })) ? last : messages
    const found = await ddmin(start, (part) => (isOver() ? endOfSearch : this.#failsWithOnly(part)), {
      ...{ maxTests: limits.replayRuns, parallel: limits.sandboxParallel, signal },
    })
    progress(`${found.items.length} of ${this.#input.evidence.messages.length} messages are enough`)
    return { messages: found.items, isMinimal: found.ended === 'minimal' }
  }

  /** What of the recorded replies and the state these messages need to fail; see Essentials. */
  async essentials(messages: readonly RecordedMessage[]): Promise<Essentials> {
    const { evidence, signal, progress } = this.#input
    progress('looking which replies and what state it needs')
    const needsState = evidence.state !== undefined && !(await this.failsWith({ messages, state: undefined }))
    const state = needsState ? evidence.state : undefined
    const holds = (replies: Evidence['replies']) => this.failsWith({ messages, state, replies })
    const bounds = { maxTests: limits.replayReplyRuns, parallel: limits.sandboxParallel, signal }
    const { items: replies } = await ddmin(evidence.replies, holds, bounds)
    return { ...(state === undefined ? {} : { state }), replies }
  }

  async #failsWithOnly(messages: readonly RecordedMessage[]): Promise<boolean> {
    this.#input.progress(`trying ${messages.length} messages`)
    return this.failsWith({ messages })
  }

  /** Messages after the one at which it failed were recorded as begun, and never handled. */
  async #withoutWhatNeverRan(): Promise<readonly RecordedMessage[]> {
    const { messages } = this.#input.evidence
    const at = this.#first?.at
    const handled = at === undefined ? messages : messages.slice(0, at + 1)
    if (handled.length === messages.length) return messages
    return (await this.failsWith({ messages: handled })) ? handled : messages
  }

  #run(variation: Variation): Promise<IsolatedResult> {
    return this.#trials.other({ overlay: this.#files.overlay, ...variation })
  }

  async #count(run: Promise<IsolatedResult>): Promise<IsolatedResult> {
    const result = await run
    this.runs += 1
    this.sandboxMs += result.durationMs
    return result
  }

  /** One that has no frame in the kernel's files, as that of a hang, is compared by its kind only. */
  #isSamePlace(expected: ErrorRecord, found: ErrorRecord | undefined): boolean {
    const [there, here] = [this.#placeOf(expected), found === undefined ? undefined : this.#placeOf(found)]
    return there === undefined || here === undefined || there === here
  }

  #placeOf(error: ErrorRecord): string | undefined {
    // A hung thread is stopped anywhere in its loop.
    if (error.code === 'KERNEL_HUNG') return undefined
    const frame = readCrash(error).frames.find(({ file }) => this.#files.paths.has(file))
    return frame === undefined ? undefined : `${frame.file}:${frame.line}`
  }
}

const endOfSearch = Promise.resolve(undefined)

interface FilesSince {
  readonly changed: readonly string[]
  /** What ran, wherever another text is on disk. */
  readonly overlay: Overlay
  /** Absolute paths of what ran. */
  readonly paths: ReadonlySet<string>
}

async function filesSince(files: readonly LoadedFile[], entryUrl: string): Promise<FilesSince> {
  const changed: string[] = []
  const gone: string[] = []
  const overlay: Record<string, Overlay[string]> = {}
  // One that died before it had loaded anything has its entry all the same.
  const loaded = files.some(({ url }) => url === entryUrl) ? files : [{ url: entryUrl }, ...files]
  for (const file of loaded) {
    const now = await textOf(file.url)
    if (now === undefined) {
      gone.push(fileURLToPath(file.url))
    } else if ('text' in file) {
      const preimageSha256 = sha256(now)
      if (preimageSha256 !== file.sha256) changed.push(file.url)
      if (now !== file.text) overlay[file.url] = { preimageSha256, text: file.text }
    }
  }
  if (gone.length > 0) {
    throw new LazaretError('NOT_FOUND', `Gone since the failure: ${gone.join(', ')}. The code cannot run as it did.`, {
      hint: 'Put them back where they were, whatever is in them: their recorded text is run.',
      details: { gone },
    })
  }
  return { changed, overlay, paths: new Set(loaded.map(({ url }) => fileURLToPath(url))) }
}

/** Undefined where there is no such file any more. */
async function textOf(url: string): Promise<string | undefined> {
  try {
    return await readFile(fileURLToPath(url), 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
}

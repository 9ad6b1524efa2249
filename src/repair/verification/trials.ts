/**
 * The sandbox runs of one incident, as jobs: the recorded messages, or the kernel's check, with the steps of a remedy
 * applied or without. The proof and agents that try things out go through here, so that they mean the same by "it still
 * fails". It judges nothing.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { limits } from '../../base/limits.ts'
import type { Evidence, Golden, HoldOut, Overlay, RecordedMessage, RemedyStep } from '../../base/remedy.ts'
import type { CrashOn } from '../../base/spec.ts'
import { type Applied, applySteps, isParked, overlayOf, type Sources } from '../apply.ts'
import { readSources } from '../sources.ts'
import { defaultBounds, type IsolatedResult, type RunTrial, type TrialBounds, type TrialJob } from '../trial.ts'
import type { Workspace } from '../workspace.ts'

export interface TrialsInput {
  readonly evidence: Evidence
  readonly golden?: Golden | undefined
  /** v8.serialize of the golden snapshot's state. */
  readonly goldenState?: Uint8Array | undefined
  readonly entryUrl: string
  /** check.ts beside the entry, where there is one. */
  readonly checkUrl?: string | undefined
  readonly crashOn: CrashOn
  /** The hotfix that was in force at the crash. */
  readonly overlayNow?: Overlay | undefined
  readonly workspace: Workspace
  readonly signal: AbortSignal
  /** Where the fleet's limits for this kernel are wider or tighter than the sandbox's own. */
  readonly bounds?: Partial<TrialBounds> | undefined
}

export interface ChangedText {
  readonly url: string
  readonly before: string
  readonly after: string
  /** As golden knows it. */
  readonly golden: string | undefined
}

/** Resident memory besides the heap that a process is granted. MB. */
const besidesHeapMb = 384

export class Trials {
  readonly #input: TrialsInput
  readonly #run: RunTrial
  #read: Promise<Sources & { readonly changed: readonly string[] }> | undefined

  constructor(input: TrialsInput, run: RunTrial) {
    this.#input = input
    this.#run = run
  }

  get kernelFolderUrl(): string {
    return new URL('./', this.#input.entryUrl).href
  }

  /** The texts that ran, and the files that are no longer what they were then. Read once. */
  sources(): Promise<Sources & { readonly changed: readonly string[] }> {
    const { evidence, golden, overlayNow } = this.#input
    this.#read ??= readSources(evidence, golden, overlayNow ?? {})
    return this.#read
  }

  /** @throws LazaretError PATCH_REFUSED, NOT_FOUND where the steps cannot be applied. */
  async applied(steps: readonly RemedyStep[]): Promise<Applied> {
    const { changed: _, ...sources } = await this.sources()
    const { golden, evidence } = this.#input
    const { config, phase } = evidence
    return applySteps(steps, { ...sources, kernelFolderUrl: this.kernelFolderUrl, golden, config, phase })
  }

  /** The messages as they failed in service, nothing mended. @param messages default: those that were recorded. */
  async red(messages: readonly RecordedMessage[] = this.#input.evidence.messages): Promise<IsolatedResult> {
    return this.#trial({ ...(await this.#replay()), overlay: overlayOf(await this.sources()), messages })
  }

  /** The messages with a remedy applied; those that it parks are left out. */
  async green(
    applied: Applied,
    messages: readonly RecordedMessage[] = this.#input.evidence.messages,
  ): Promise<IsolatedResult> {
    const { overlay, config, stateFromGolden } = applied
    const { goldenState } = this.#input
    const job = {
      ...(await this.#replay(applied.limits)),
      overlay,
      ...(config === undefined ? {} : { config }),
      ...(stateFromGolden && goldenState !== undefined ? { state: goldenState } : {}),
      messages: messages.filter((message) => !isParked(message, applied)),
    }
    return this.#trial(job, applied.cleared)
  }

  /** check.ts against a fresh instance with a remedy applied; undefined where there is none. */
  async check(applied: Applied): Promise<IsolatedResult | undefined> {
    const { checkUrl, evidence } = this.#input
    if (checkUrl === undefined) return undefined
    const { state: _, ...fresh } = await this.#replay(applied.limits)
    const job: Omit<TrialJob, 'folder'> = {
      ...fresh,
      ...{ mode: 'check', checkUrl, overlay: applied.overlay, config: applied.config ?? evidence.config, messages: [] },
      // A check holds or not whatever others happened to answer in service: here they are away.
      replies: [],
    }
    return this.#trial(job, applied.cleared)
  }

  /** Texts that differ from those that ran. */
  async changes(applied: Applied): Promise<ChangedText[]> {
    const { sources } = await this.sources()
    const ran = overlayOf(await this.sources())
    const changed: ChangedText[] = []
    for (const url of new Set([...Object.keys(ran), ...Object.keys(applied.overlay)])) {
      // Without an overlay it is the text on disk, which has not changed since.
      const after = applied.overlay[url]?.text ?? (await readFile(fileURLToPath(url), 'utf8'))
      const before = sources[url] ?? ran[url]?.text ?? ''
      if (after !== before) changed.push({ url, before, after, golden: this.#input.golden?.sources[url] })
    }
    return changed
  }

  /** What ran, and golden's texts in place of it; undefined where those are the same, or there is no golden. */
  async versions(): Promise<{ ran: Overlay; golden: Overlay | undefined }> {
    const { changed: _, ...from } = await this.sources()
    const { golden } = this.#input
    const ran = overlayOf(from)
    if (golden === undefined) return { ran, golden: undefined }
    const isKnown = (url: string) => from.onDisk[url] !== undefined
    const texts = Object.fromEntries(Object.entries(golden.sources).filter(([url]) => isKnown(url)))
    const before = overlayOf({ ...from, sources: { ...from.sources, ...texts } })
    return { ran, golden: JSON.stringify(before) === JSON.stringify(ran) ? undefined : before }
  }

  /** Traffic of another time, on the state and configuration that it was handled with. */
  async traffic({ config, state, messages, replies }: HoldOut, overlay: Overlay): Promise<IsolatedResult> {
    const { state: _, bounds, ...how } = await this.#replay()
    const settleMs = this.#input.bounds?.settleMs ?? defaultBounds.settleMs
    const from = { config, messages, replies, ...(state === undefined ? {} : { state }) }
    return this.#trial({ ...how, ...from, overlay, bounds: { ...bounds, settleMs } })
  }

  /**
   * These messages and no others, nothing mended.
   * @param fromGolden on the state of the last golden snapshot; where there is none, on what the kernel failed with.
   */
  async alone(
    messages: readonly RecordedMessage[],
    { fromGolden = false }: { readonly fromGolden?: boolean } = {},
  ): Promise<IsolatedResult> {
    const { goldenState } = this.#input
    const overlay = overlayOf(await this.sources())
    const state = fromGolden && goldenState !== undefined ? { state: goldenState } : {}
    return this.#trial({ ...(await this.#replay()), ...state, overlay, messages })
  }

  /** A job of the caller's own, on top of how the kernel ran. */
  async other(change: Partial<Omit<TrialJob, 'folder' | 'kernel' | 'entryUrl'>>): Promise<IsolatedResult> {
    return this.#trial({ ...(await this.#replay()), ...change })
  }

  /** What is known beforehand of the trial that comes first: enough to start a process for it, in its folder. */
  async first(): Promise<TrialJob> {
    const overlay = overlayOf(await this.sources())
    const { state: _, ...replay } = await this.#replay()
    return { ...replay, overlay, messages: [], replies: [], folder: await this.#input.workspace.nextTrial() }
  }

  /** @param set limits that a remedy sets; of those the sandbox has, it takes them. */
  async #replay(set: Applied['limits'] = {}): Promise<Omit<TrialJob, 'folder'>> {
    const { evidence, entryUrl, crashOn, bounds } = this.#input
    const { sources } = await this.sources()
    const idle = evidence.phase === 'idle' ? { settleMs: limits.sandboxIdleMs } : {}
    const { heapMb, startMs } = set
    const changed = {
      ...(heapMb !== undefined && { heapMb }),
      ...(startMs !== undefined && { startMs: Math.min(startMs, defaultBounds.runMs) }),
    }
    const merged = { ...defaultBounds, ...idle, ...bounds, ...changed }
    return {
      ...{ mode: 'replay', kernel: evidence.kernel, entryUrl, overlay: {}, config: evidence.config, crashOn },
      ...(evidence.state === undefined ? {} : { state: evidence.state }),
      ...{ messages: evidence.messages, replies: evidence.replies, files: Object.keys(sources) },
      bounds: { ...merged, rssMb: Math.max(merged.rssMb, merged.heapMb + besidesHeapMb) },
    }
  }

  /** @param cleared folders of its data that are empty. */
  async #trial(job: Omit<TrialJob, 'folder'>, cleared: readonly string[] = []): Promise<IsolatedResult> {
    const { signal, workspace } = this.#input
    signal.throwIfAborted()
    const folder = await workspace.trial()
    for (const path of cleared) await emptyFolder(join(folder, 'data', ...path.split('/')))
    return this.#run({ ...job, folder, nextFolder: await workspace.nextTrial() }, signal)
  }
}

/** One that is not there stays away: a kernel that needs it makes it. */
async function emptyFolder(path: string): Promise<void> {
  if (!existsSync(path)) return
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { mode: 0o700 })
}

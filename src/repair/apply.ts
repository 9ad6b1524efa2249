/**
 * A remedy's steps, turned into what a start of the kernel needs: source texts, configuration, state or not, messages to
 * leave out. The proof and the supervisor both go through here, so that what was tried is what is applied. Pure: the
 * texts are handed in. Whether a step is allowed at all is patch.ts's part.
 */
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { deserialize } from 'node:v8'
import { valueAtKey, withValueAt } from '../base/dotted-key.ts'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { type MessagePattern, matchesPattern } from '../base/message-pattern.ts'
import {
  type FailurePhase,
  type Golden,
  isLive,
  type LimitName,
  type Overlay,
  type Precondition,
  type ProvableStep,
  type RecordedMessage,
  type RemedyStep,
  type StepOf,
} from '../base/remedy.ts'
import { applyPatchText, fileProblem } from './patch.ts'

/** The texts that a repair works on, by file URL. */
export interface Sources {
  /** As they ran when the kernel crashed. */
  readonly sources: Readonly<Record<string, string>>
  /** Hash of the file on disk that each stands for. */
  readonly onDisk: Readonly<Record<string, string>>
  /** The hotfix in force. A kernel that died on its first import had not loaded all of it. */
  readonly overlayNow: Overlay
}

export interface ParkedMessage {
  readonly method: string
  readonly argsSha256: string
}

export interface Applied {
  /** Everything that differs from the files on disk, hotfixes that were in force included. */
  readonly overlay: Overlay
  /** As a whole, with every change; absent where the configuration stays as it is. */
  readonly config?: Record<string, unknown>
  /** Golden's, where it was restored: `config` is this with `settings` on top. */
  readonly configFromGolden?: Record<string, unknown>
  /** Values of single keys. */
  readonly settings: readonly Setting[]
  readonly limits: { readonly [L in LimitName]?: number }
  readonly stateFromGolden: boolean
  readonly parked: readonly ParkedMessage[]
  readonly patterns: readonly MessagePattern[]
  /** Folders of the kernel's data that are out of its way. */
  readonly cleared: readonly string[]
  /** Indices of the steps that were left out, because their preconditions did not hold. */
  readonly leftOut: readonly number[]
}

export interface Setting {
  /** Dotted. */
  readonly key: string
  readonly value: unknown
}

export const nothingApplied: Applied = {
  ...{ overlay: {}, settings: [], limits: {}, stateFromGolden: false, parked: [], patterns: [], cleared: [] },
  leftOut: [],
}

/** What the failing kernel ran with: every text that differs from its file on disk. */
export function overlayOf({ sources, onDisk, overlayNow }: Sources): Overlay {
  const overlay: Record<string, Overlay[string]> = { ...overlayNow }
  for (const [url, text] of Object.entries(sources)) {
    const preimageSha256 = onDisk[url]
    if (preimageSha256 === undefined || sha256(text) === preimageSha256) delete overlay[url]
    else overlay[url] = { preimageSha256, text }
  }
  return overlay
}

/** URL of a patch's file, spelt as Node spells a module's. @param kernelFolderUrl ends with a slash. */
export function urlOfFile(file: string, kernelFolderUrl: string): string {
  return pathToFileURL(join(fileURLToPath(kernelFolderUrl), file)).href
}

export interface ApplyTo extends Sources {
  /** Ends with a slash. */
  readonly kernelFolderUrl: string
  readonly golden?: Golden | undefined
  /** What the kernel failed with, for the steps that look at it or change it. Default: nothing in it. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Where it failed; absent: no condition on it holds. */
  readonly phase?: FailurePhase
}

/**
 * What the steps come to that the sandbox can show; live steps change none of it.
 * @throws LazaretError PATCH_REFUSED where a patch does not fit its file, or a key is inside something that is no
 * section; NOT_FOUND where a step needs a golden snapshot and there is none.
 */
export function applySteps(steps: readonly RemedyStep[], from: ApplyTo): Applied {
  const work = new Application(from)
  for (const [index, step] of steps.entries()) {
    if (isLive(step)) continue
    if (step.onlyIf === undefined || work.holds(step.onlyIf)) work.apply(step)
    else work.leftOut.push(index)
  }
  return work.result()
}

class Application {
  readonly leftOut: number[] = []
  readonly #from: ApplyTo
  readonly #texts: Map<string, string>
  readonly #parked: ParkedMessage[] = []
  readonly #patterns: MessagePattern[] = []
  readonly #cleared = new Set<string>()
  readonly #limits: { [L in LimitName]?: number } = {}
  readonly #settings = new Map<string, unknown>()
  readonly #given: Readonly<Record<string, unknown>>
  #config: Readonly<Record<string, unknown>>
  #configFromGolden: Record<string, unknown> | undefined
  #stateFromGolden = false

  constructor(from: ApplyTo) {
    this.#from = from
    this.#given = from.config ?? {}
    this.#config = this.#given
    this.#texts = new Map(Object.entries(from.sources))
    for (const [url, { text }] of Object.entries(from.overlayNow)) {
      if (!this.#texts.has(url)) this.#texts.set(url, text)
    }
  }

  holds(condition: Precondition): boolean {
    if ('fileSha256' in condition) {
      const { file, is } = condition.fileSha256
      const text = this.#texts.get(urlOfFile(file, this.#from.kernelFolderUrl))
      return text !== undefined && sha256(text) === is
    }
    if ('config' in condition) {
      const { key, equals } = condition.config
      return isDeepStrictEqual(valueAtKey(this.#config, key) ?? null, equals)
    }
    // Of other kernels the sandbox knows nothing; the schema takes such a condition for live steps only.
    return 'phase' in condition && condition.phase === this.#from.phase
  }

  apply(step: ProvableStep): void {
    const { golden, kernelFolderUrl } = this.#from
    switch (step.do) {
      case 'restore_state':
        if (goldenFor(step, golden).snapshot === undefined) throw noGolden(step)
        this.#stateFromGolden = true
        return
      case 'restore_config':
        this.#configFromGolden = goldenFor(step, golden).config
        this.#config = this.#configFromGolden
        this.#settings.clear()
        return
      case 'restore_code':
        this.#restoreCode(goldenFor(step, golden))
        return
      case 'apply_patch': {
        const url = urlOfFile(step.file, kernelFolderUrl)
        this.#texts.set(url, patched(step, this.#texts.get(url)))
        return
      }
      case 'set_config':
        this.#set(step)
        return
      case 'set_limit':
        this.#limits[step.limit] = step.value
        return
      case 'park_message':
        this.#parked.push({ method: step.method, argsSha256: step.argsSha256 })
        return
      case 'park_pattern':
        this.#patterns.push({ method: step.method, where: step.where })
        return
      case 'clear_folder':
        this.#cleared.add(step.folder)
    }
  }

  /** Files outside the kernel's folder are shared with others, and some inside no repair may change. */
  #restoreCode(golden: Golden): void {
    const { kernelFolderUrl } = this.#from
    for (const [url, text] of Object.entries(golden.sources)) {
      const before = this.#texts.get(url)
      if (before === undefined || before === text || !url.startsWith(kernelFolderUrl)) continue
      const file = decodeURIComponent(url.slice(kernelFolderUrl.length))
      if (fileProblem(file, fileURLToPath(kernelFolderUrl)) === undefined) this.#texts.set(url, text)
    }
  }

  #set({ key, value }: Setting): void {
    const config = withValueAt(this.#config, key, value)
    if (config === undefined) {
      throw new LazaretError('PATCH_REFUSED', `The configuration has something at ${key} that is no section.`, {
        details: { key },
        hint: 'Set the key above it as a whole.',
      })
    }
    this.#config = config
    this.#settings.set(key, value)
  }

  result(): Applied {
    const { overlayNow, onDisk } = this.#from
    const sources = Object.fromEntries(this.#texts)
    const overlay = overlayOf({ sources, onDisk: { ...hashesOf(overlayNow), ...onDisk }, overlayNow: {} })
    return {
      ...{ overlay, limits: this.#limits, stateFromGolden: this.#stateFromGolden },
      ...(this.#config !== this.#given && { config: this.#config }),
      ...(this.#configFromGolden && { configFromGolden: this.#configFromGolden }),
      settings: [...this.#settings].map(([key, value]) => ({ key, value })),
      ...{ parked: this.#parked, patterns: this.#patterns, cleared: [...this.#cleared], leftOut: this.leftOut },
    }
  }
}

function hashesOf(overlay: Overlay): Record<string, string> {
  return Object.fromEntries(Object.entries(overlay).map(([url, entry]) => [url, entry.preimageSha256]))
}

function patched(step: StepOf<'apply_patch'>, source: string | undefined): string {
  const details = { file: step.file }
  if (source === undefined) {
    const text = `The patch is for ${JSON.stringify(step.file)}, which the kernel did not load.`
    throw new LazaretError('PATCH_REFUSED', text, {
      details,
      hint: 'A repair may only change files that the kernel imports.',
    })
  }
  const text = applyPatchText(source, step.patch, step.preimageSha256)
  if (text === undefined) {
    throw new LazaretError('PATCH_REFUSED', `The patch does not fit ${JSON.stringify(step.file)} as it was run.`, {
      details,
      hint: 'The file has changed where the patch applies, or the patch is in already.',
    })
  }
  return text
}

function goldenFor(step: ProvableStep, golden: Golden | undefined): Golden {
  if (golden === undefined) throw noGolden(step)
  return golden
}

function noGolden(step: ProvableStep): LazaretError {
  return new LazaretError('NOT_FOUND', `The step ${step.do} needs a golden snapshot, and there is none.`, {
    hint: 'A kernel has one when it has run for stableMs without interruption.',
  })
}

export function isParked(
  message: Pick<RecordedMessage, 'method' | 'args'>,
  { parked, patterns }: Pick<Applied, 'parked' | 'patterns'>,
): boolean {
  const { method, args } = message
  if (parked.some((one) => one.method === method && one.argsSha256 === sha256(args))) return true
  const possible = patterns.filter((one) => one.method === method)
  if (possible.length === 0) return false
  const list: unknown = deserialize(args)
  return Array.isArray(list) && possible.some((one) => matchesPattern(one, method, list))
}

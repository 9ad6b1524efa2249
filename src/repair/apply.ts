/**
 * A remedy's steps, turned into what a start of the kernel needs: source texts, configuration, state or not, messages to
 * leave out. The proof and the supervisor both go through here, so that what was tried is what is applied. Pure: the
 * texts are handed in. Whether a step is allowed at all is patch.ts's part.
 */
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { Golden, Overlay, RecordedMessage, RemedyStep } from '../base/remedy.ts'
import { applyPatchText } from './patch.ts'

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
  /** Absent where the configuration stays as it is. */
  readonly config?: Record<string, unknown>
  readonly stateFromGolden: boolean
  readonly parked: readonly ParkedMessage[]
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

/**
 * @throws LazaretError PATCH_REFUSED where a patch does not fit its file; NOT_FOUND where a step needs a golden snapshot
 * and there is none.
 */
export function applySteps(
  steps: readonly RemedyStep[],
  from: Sources & { readonly kernelFolderUrl: string; readonly golden?: Golden | undefined },
): Applied {
  const texts = new Map(Object.entries(from.sources))
  for (const [url, { text }] of Object.entries(from.overlayNow)) if (!texts.has(url)) texts.set(url, text)
  const parked: ParkedMessage[] = []
  let config: Record<string, unknown> | undefined
  let stateFromGolden = false
  for (const step of steps) {
    if (step.do === 'restore_state') {
      if (goldenFor(step, from.golden).snapshot === undefined) throw noGolden(step)
      stateFromGolden = true
    } else if (step.do === 'restore_config') {
      config = goldenFor(step, from.golden).config
    } else if (step.do === 'park_message') {
      parked.push({ method: step.method, argsSha256: step.argsSha256 })
    } else {
      const url = urlOfFile(step.file, from.kernelFolderUrl)
      texts.set(url, patched(step, texts.get(url)))
    }
  }
  const onDisk = { ...hashesOf(from.overlayNow), ...from.onDisk }
  const overlay = overlayOf({ sources: Object.fromEntries(texts), onDisk, overlayNow: {} })
  return { overlay, ...(config === undefined ? {} : { config }), stateFromGolden, parked }
}

function hashesOf(overlay: Overlay): Record<string, string> {
  return Object.fromEntries(Object.entries(overlay).map(([url, entry]) => [url, entry.preimageSha256]))
}

function patched(step: Extract<RemedyStep, { do: 'apply_patch' }>, source: string | undefined): string {
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

function goldenFor(step: RemedyStep, golden: Golden | undefined): Golden {
  if (golden === undefined) throw noGolden(step)
  return golden
}

function noGolden(step: RemedyStep): LazaretError {
  return new LazaretError('NOT_FOUND', `The step ${step.do} needs a golden snapshot, and there is none.`, {
    hint: 'A kernel has one when it has run for stableMs without interruption.',
  })
}

export function isParked(message: RecordedMessage, parked: readonly ParkedMessage[]): boolean {
  return parked.some(({ method, argsSha256 }) => method === message.method && argsSha256 === sha256(message.args))
}

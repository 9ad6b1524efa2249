/**
 * What it means to go back to golden, for whoever has to approve it: the steps `restore_code` and `restore_config` say only
 * that; this shows the lines that change, from the evidence of the failure and the golden snapshot of that time. It reads,
 * within bounds, and says in a sentence why there is nothing to be shown.
 */
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { toRecord } from '../base/error-record.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import { redact } from '../base/redact.ts'
import type { Evidence, Golden, RemedyStep } from '../base/remedy.ts'
import { readEvidence } from '../diagnostics/replay.ts'
import { applySteps } from '../repair/apply.ts'
import { makePatch } from '../repair/patch.ts'
import { currentFile, parseGolden, previousFile } from '../snapshot/golden.ts'
import { type DiffFile, diffFile } from './diff-rows.ts'
import { EvidenceFiles } from './evidence-files.ts'
import { oneLine } from './plain.ts'

export interface RestoredFrom {
  readonly kernel: string
  /** Of the evidence; undefined: there is none. */
  readonly folder: string | undefined
  /** Undefined where golden snapshots are out of reach. */
  readonly dataDir: string | undefined
  readonly nowMs: number
}

export interface Restored {
  readonly diffs: readonly DiffFile[]
  /** Why there is none, or not all of them. */
  readonly remark?: string
}

/** Nothing is read before the first step that restores something. */
export class Restores {
  readonly #from: RestoredFrom
  #goldens: readonly Golden[] | undefined
  #evidence: Evidence | string | undefined

  constructor(from: RestoredFrom) {
    this.#from = from
  }

  /** Undefined for every other step. Never throws. @param at when it was tried. Epoch milliseconds. */
  of(step: RemedyStep, at: number): Restored | undefined {
    if (step.do !== 'restore_code' && step.do !== 'restore_config') return undefined
    try {
      // One that was put since says nothing of what the step did.
      const golden = this.#golden().find((one) => one.at <= at)
      if (golden === undefined) return none('The golden snapshot of that time is not kept any more, or cannot be read.')
      return step.do === 'restore_code' ? this.#code(golden) : this.#config(golden)
    } catch (thrown) {
      return none(`What it changes cannot be read: ${oneLine(toRecord(thrown).message)}`)
    }
  }

  #code(golden: Golden): Restored {
    this.#evidence ??= this.#failed()
    const evidence = this.#evidence
    if (typeof evidence === 'string') return none(evidence)
    const { files, ran } = evidence
    if (ran === undefined) return none('The evidence does not say where the kernel lies.')
    const kernelFolderUrl = new URL('.', ran.entryUrl).href
    const sources = Object.fromEntries(files.map(({ url, text }) => [url, text]))
    const onDisk = Object.fromEntries(files.map(({ url, text }) => [url, sha256(text)]))
    const { overlay } = applySteps([{ do: 'restore_code' }], {
      ...{ sources, onDisk, overlayNow: {}, kernelFolderUrl, golden },
    })
    const changed = Object.entries(overlay)
    const diffs = changed.slice(0, limits.storyParts).map(([url, { text }]) => {
      const file = decodeURIComponent(url.slice(kernelFolderUrl.length))
      return diffFile(oneLine(file), makePatch(file, sources[url] ?? '', text))
    })
    if (changed.length === 0) return none('No file of the kernel differs from golden.')
    const more = changed.length - diffs.length
    return more === 0 ? { diffs } : { diffs, remark: `${more} more files change.` }
  }

  /** Both as people may see them: without secrets. */
  #config(golden: Golden): Restored {
    if (this.#from.folder === undefined) return none('There is no evidence folder.')
    const files = new EvidenceFiles(this.#from.folder)
    const failed = files.json('config.json')
    if (failed === undefined) return none(`What it failed with is not known: ${files.problems.join('; ')}.`)
    const [before, after] = [failed, redact(golden.config)].map(
      (config) => `${JSON.stringify(inOrder(config), null, 2)}\n`,
    )
    if (before === undefined || before === after) return none('No value that may be shown differs.')
    return { diffs: [diffFile('configuration', makePatch('configuration', before, after ?? ''))] }
  }

  /** Newest first. */
  #golden(): readonly Golden[] {
    this.#goldens ??= this.#readGoldens()
    return this.#goldens
  }

  #readGoldens(): readonly Golden[] {
    const { dataDir, kernel } = this.#from
    if (dataDir === undefined) return []
    const files = new EvidenceFiles(join(dataDir, 'snapshots', kernel))
    return [currentFile, previousFile].flatMap((file) => {
      const text = files.tail(file)
      const golden = text === undefined ? 'it is not there' : parseGolden(text, kernel)
      return typeof golden === 'string' ? [] : [golden]
    })
  }

  #failed(): Evidence | string {
    const { folder, nowMs } = this.#from
    if (folder === undefined) return 'There is no evidence folder.'
    const { size } = lstatSync(join(folder, 'replay.bin'))
    if (size > limits.storyReplayBytes) return `The exact evidence has ${size} bytes: too many to be read for this.`
    return readEvidence(folder, nowMs)
  }
}

function none(remark: string): Restored {
  return { diffs: [], remark }
}

/** Two writers of the same configuration may have had its keys in another order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, inOrder(inner)])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

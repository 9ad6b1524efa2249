/**
 * The source texts that a repair works on: those that ran at the crash, and those that the golden snapshot knows besides.
 * A kernel that died on a syntax error had not loaded the rest of its files. Reads files, writes none.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { sha256 } from '../base/hash.ts'
import type { Evidence, Golden, Overlay } from '../base/remedy.ts'
import type { Sources } from './apply.ts'

export interface FoundSources extends Sources {
  /** URLs of files that are no longer what they were at the crash: nothing can be proved about those. */
  readonly changed: readonly string[]
}

/** @param overlayNow the hotfix that was in force at the crash. */
export async function readSources(
  evidence: Pick<Evidence, 'files'>,
  golden: Pick<Golden, 'sources'> | undefined,
  overlayNow: Overlay,
): Promise<FoundSources> {
  const sources: Record<string, string> = {}
  const onDisk: Record<string, string> = {}
  const changed: string[] = []
  for (const { url, text, sha256: hashAtCrash } of evidence.files) {
    sources[url] = text
    onDisk[url] = hashAtCrash
    const now = await textOnDisk(url)
    if (now === undefined || sha256(now) !== hashAtCrash) changed.push(url)
  }
  for (const url of Object.keys(golden?.sources ?? {})) {
    if (sources[url] !== undefined) continue
    const text = await textOnDisk(url)
    if (text === undefined) continue
    const patched = overlayNow[url]
    onDisk[url] = sha256(text)
    sources[url] = patched !== undefined && patched.preimageSha256 === onDisk[url] ? patched.text : text
  }
  return { sources, onDisk, overlayNow, changed }
}

async function textOnDisk(url: string): Promise<string | undefined> {
  try {
    return await readFile(fileURLToPath(url), 'utf8')
  } catch {
    // Gone or unreadable: the caller counts it as changed, or does without it.
    return undefined
  }
}

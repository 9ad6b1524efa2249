/**
 * Hotfixes that are in force, as one diff for `git apply`, for a person to take over by hand. It reads the hotfixes' own
 * files and those that they mend, so that it works whether a runtime runs or not. It writes nothing.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { Overlay } from '../base/remedy.ts'
import type { HotfixRow } from '../journal/rows.ts'
import { gitPatch, type Hotfix, HotfixStore, overlayFor } from '../repair/hotfix.ts'

export interface HotfixPatch {
  /** Absolute path that the names in the diff are relative to: apply it there. */
  readonly root: string
  /** Empty where no hotfix changes a source. */
  readonly patch: string
  /** Ids. */
  readonly hotfixes: readonly string[]
  /** A sentence for each file that is not in the diff. */
  readonly left: readonly string[]
}

/** The one in force of each kernel: the newest steady one, which has those before it in it. */
export function inForce(rows: readonly HotfixRow[]): HotfixRow[] {
  const kernels = new Set<string>()
  return rows.filter(({ kernel, status }) => {
    if (status !== 'steady' || kernels.has(kernel)) return false
    kernels.add(kernel)
    return true
  })
}

/** @throws LazaretError PATCH_REFUSED where there is no one diff: two of them change a file in two ways, or two repositories. */
export async function patchOf(dataDir: string, rows: readonly HotfixRow[]): Promise<HotfixPatch> {
  const store = new HotfixStore(join(dataDir, 'hotfixes'))
  const texts: Record<string, string> = {}
  const overlay: Record<string, Overlay[string]> = {}
  const left: string[] = []
  let first: Hotfix | undefined
  for (const row of rows) {
    const { hotfix, reason } = await store.read(store.pathOf(row.id))
    if (hotfix === undefined) {
      left.push(`${row.id} of ${row.kernel} is not in the diff: ${reason}.`)
      continue
    }
    first ??= hotfix
    const fitting = overlayFor(hotfix, (url) => textOf(url, texts))
    for (const { url, reason } of fitting.dropped) left.push(`${fileURLToPath(url)} is not in the diff: ${reason}.`)
    for (const [url, entry] of Object.entries(fitting.overlay)) {
      if (overlay[url] !== undefined && overlay[url].text !== entry.text) throw twoWays(url)
      overlay[url] = entry
    }
  }
  const hotfixes = rows.map(({ id }) => id)
  const root = rootOf(Object.keys(overlay).map((url) => fileURLToPath(url)))
  if (first === undefined) return { root, patch: '', hotfixes, left }
  return { root, patch: gitPatch({ ...first, overlay }, texts, root), hotfixes, left }
}

/** Hash of the text on disk, which is kept. */
function textOf(url: string, texts: Record<string, string>): string | undefined {
  try {
    texts[url] ??= readFileSync(fileURLToPath(url), 'utf8')
    return sha256(texts[url])
  } catch {
    // Gone or unreadable: the caller says that it is not in the diff.
    return undefined
  }
}

function twoWays(url: string): LazaretError {
  const text = `Two hotfixes change ${fileURLToPath(url)}, each in its own way: that is no one diff.`
  return new LazaretError('PATCH_REFUSED', text, { hint: 'Give the id of one of them. See: lazaret hotfixes' })
}

function rootOf(paths: readonly string[]): string {
  const roots = [...new Set(paths.map((path) => repositoryOf(dirname(path))))]
  const [root = process.cwd()] = roots
  if (roots.length <= 1) return root
  const text = `The hotfixes are of ${roots.length} repositories (${roots.join(', ')}): that is no one diff.`
  throw new LazaretError('PATCH_REFUSED', text, { hint: 'Give the id of one of them. See: lazaret hotfixes' })
}

/** The nearest folder above with a `.git`; else the working directory, or the file's own folder where it is elsewhere. */
function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) break
  }
  const isHere = !relative(process.cwd(), folder).startsWith('..')
  return isHere ? process.cwd() : folder
}

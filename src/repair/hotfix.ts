/**
 * A repair in force: source texts served in place of files, and perhaps a configuration, until the user's own files say
 * something new. One file each, whole or absent, under dataDir; the user's files are never written. Loading the texts
 * is actor/loader's part, and proving them is the sandbox's.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { type LimitName, limitNames, type Overlay, type RemedyStep, stepNames } from '../base/remedy.ts'
import { makePatch } from './patch.ts'

export interface Hotfix {
  /** Made by newId('fix'). */
  readonly id: string
  readonly kernel: string
  /** Id of the incident that it ended. */
  readonly incident: string
  /** Patched texts by file URL; empty where only state or configuration was restored. */
  readonly overlay: Overlay
  /** Configuration to use in place of the fleet's. */
  readonly config?: Record<string, unknown>
  /** Hash of the fleet's configuration that `config` replaces: another hash means a person has changed it since. */
  readonly configPreimageSha256?: string
  /** Values of single keys, in their order, each with what the fleet says there instead (absent: nothing). */
  readonly settings?: readonly { readonly key: string; readonly value?: unknown; readonly instead?: unknown }[]
  /** Limits in place of the fleet's, each with the fleet's own. */
  readonly limits?: { readonly [L in LimitName]?: { readonly value: number; readonly instead: number } }
  readonly steps: readonly RemedyStep[]
  /** Once it is steady it is to be written into the source files. */
  readonly apply?: 'source'
}

export type ReadHotfix =
  | { readonly hotfix: Hotfix; readonly reason?: undefined }
  /** Damaged or absent. */
  | { readonly hotfix?: undefined; readonly reason: string }

const hex = z.string().regex(/^[0-9a-f]{64}$/)
/** The file is ours and has matched its hash, so of a step only its name is looked at: an older version knew others. */
const stepShape = z.custom<RemedyStep>((step) => stepNames.some((name) => name === (step as RemedyStep | null)?.do))
const hotfixShape = z.object({
  id: z.string(),
  kernel: z.string(),
  incident: z.string(),
  overlay: z.record(z.string().startsWith('file:'), z.object({ preimageSha256: hex, text: z.string() })),
  config: z.record(z.string(), z.unknown()).exactOptional(),
  configPreimageSha256: hex.exactOptional(),
  settings: z
    .array(z.object({ key: z.string(), value: z.unknown(), instead: z.unknown().exactOptional() }))
    .exactOptional(),
  limits: z.partialRecord(z.enum(limitNames), z.object({ value: z.number(), instead: z.number() })).exactOptional(),
  steps: z.array(stepShape),
  apply: z.literal('source').exactOptional(),
})

const idPattern = /^fix_[0-9a-f-]{36}$/

/** @example const hotfixes = new HotfixStore(join(dataDir, 'hotfixes')) */
export class HotfixStore {
  readonly #root: string

  constructor(rootDir: string) {
    this.#root = resolve(rootDir)
  }

  /**
   * @returns the absolute path of its file, once it is on the disk.
   * @throws LazaretError OPTION_INVALID for an id that newId did not make; what the disk refuses, as it says it.
   */
  async write(hotfix: Hotfix): Promise<string> {
    if (!idPattern.test(hotfix.id)) {
      throw new LazaretError('OPTION_INVALID', `${JSON.stringify(hotfix.id)} is not the id of a hotfix.`, {
        kernel: hotfix.kernel,
        hint: "Accepted: what newId('fix') returns.",
      })
    }
    const path = this.pathOf(hotfix.id)
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
    await writeFileAtomic(path, encodeHotfix(hotfix), { mode: 0o600 })
    return path
  }

  /** Absolute; whether it is there or not. */
  pathOf(id: string): string {
    return join(this.#root, `${id}.json`)
  }

  /** Never throws: what cannot be used comes back as a reason. */
  async read(path: string): Promise<ReadHotfix> {
    if (!this.#isOurs(path)) return { reason: `${path} is not in ${this.#root}` }
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
      return { reason: code === 'ENOENT' ? 'there is no such file' : `it cannot be read: ${code}` }
    }
    return parseHotfix(text)
  }

  /** One that is not there counts as removed. @throws LazaretError OPTION_INVALID for a path outside the store. */
  async remove(path: string): Promise<void> {
    if (!this.#isOurs(path)) {
      throw new LazaretError('OPTION_INVALID', `${path} is no hotfix of this runtime.`, {
        hint: `Accepted: a path that write() returned, in ${this.#root}.`,
      })
    }
    await rm(path, { force: true })
  }

  #isOurs(path: string): boolean {
    const name = relative(this.#root, resolve(path))
    return name.endsWith('.json') && idPattern.test(name.slice(0, -'.json'.length))
  }
}

/** What its file holds, to the byte. */
export function encodeHotfix(hotfix: Hotfix): string {
  const body = JSON.stringify(hotfix)
  return `{"sha256":"${sha256(body)}","hotfix":${body}}\n`
}

function parseHotfix(text: string): ReadHotfix {
  // The text was written by write(), so everything has its fixed place and one changed byte shows.
  const parts = /^\{"sha256":"([0-9a-f]{64})","hotfix":(\{.*\})\}\n$/s.exec(text)
  const body = parts?.[2]
  if (body === undefined) return { reason: 'it is cut short or no hotfix' }
  if (sha256(body) !== parts?.[1]) return { reason: 'it does not match its hash' }
  const shape = hotfixShape.safeParse(JSON.parse(body))
  if (shape.success) return { hotfix: shape.data }
  return { reason: `its shape is wrong: ${shape.error.issues[0]?.path.join('.') ?? 'unknown'}` }
}

export interface FittingOverlay {
  readonly overlay: Overlay
  readonly dropped: readonly { readonly url: string; readonly reason: string }[]
}

/**
 * The entries whose file on disk is still the one that was patched. A file that a person has changed since is theirs.
 * @param currentSha256OfUrl hash of the file on disk; undefined where there is none.
 */
export function overlayFor(hotfix: Hotfix, currentSha256OfUrl: (url: string) => string | undefined): FittingOverlay {
  const overlay: Record<string, Overlay[string]> = {}
  const dropped: { url: string; reason: string }[] = []
  for (const [url, entry] of Object.entries(hotfix.overlay)) {
    const current = currentSha256OfUrl(url)
    if (current === entry.preimageSha256) overlay[url] = entry
    else dropped.push({ url, reason: current === undefined ? 'the file is gone' : 'the file has changed' })
  }
  return { overlay, dropped }
}

/**
 * The hotfix as a diff for `git apply`, for a person to take over. Empty where it changes no source.
 * @param sourcesBefore texts of the files on disk, by URL.
 * @param baseFolder absolute path that the names in the diff are relative to: the root of the repository.
 * @throws LazaretError PATCH_REFUSED where a text is missing, is not the one that was patched, or is outside baseFolder.
 */
export function gitPatch(hotfix: Hotfix, sourcesBefore: Readonly<Record<string, string>>, baseFolder: string): string {
  let diff = ''
  for (const [url, entry] of Object.entries(hotfix.overlay)) {
    const before = sourcesBefore[url]
    const inside = relative(baseFolder, fileURLToPath(url))
    const file = inside.split(sep).join('/')
    let why: string | undefined
    if (before === undefined) why = 'its text is not given'
    else if (sha256(before) !== entry.preimageSha256) why = 'it has changed since it was patched'
    else if (file === '' || file.startsWith('../') || file.startsWith('/')) why = `it is not in ${baseFolder}`
    if (why !== undefined || before === undefined) {
      throw new LazaretError('PATCH_REFUSED', `The hotfix ${hotfix.id} cannot be shown as a diff of ${url}: ${why}.`, {
        kernel: hotfix.kernel,
        details: { url, why },
        hint: 'Give the text of the file as it was when it was patched, and the root of its repository.',
      })
    }
    const patch = makePatch(file, before, entry.text)
    if (patch !== '') diff += `diff --git a/${file} b/${file}\n${patch}`
  }
  return diff
}

/**
 * A repair's texts, written into the source files that they mend: each file whole, under its own name and mode, and only
 * while it is still the one that was patched. What is about to be done is on disk before the first file changes, with
 * both texts, so that a process killed between two files is finished, or taken back, by the next one.
 * Everything but the intent is synchronous: nobody in this process sees half of it. Whether to write is not decided here.
 *
 * Between the last look at a file and the rename that replaces it a few microseconds are left; an editor that saves in
 * just these loses to the rename.
 */
import { isUtf8 } from 'node:buffer'
import * as fs from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { sha256 } from '../base/hash.ts'
import type { Hotfix } from './hotfix.ts'

const changeShape = z.object({ url: z.string().startsWith('file:'), before: z.string(), after: z.string() })
const intentShape = z.object({ hotfix: z.string(), files: z.array(changeShape) })

/** One file: its text as it was patched, and as it is to be. */
export type SourceChange = z.output<typeof changeShape>
export type WriteIntent = z.output<typeof intentShape>

export interface LeftFile {
  /** Absolute path. */
  readonly file: string
  /** In a few words: why it was not written. */
  readonly why: string
}

/** before: as it was patched. after: as the repair makes it. Else why it is neither, or may not be written. */
export type SourceState = 'before' | 'after' | { readonly why: string }

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? 'unknown error'
}

/** The text, or why it is none that a repair may replace. */
function readSource(path: string): { readonly text: string } | { readonly why: string } {
  try {
    const stat = fs.lstatSync(path)
    if (stat.isSymbolicLink()) return { why: 'it is a symbolic link' }
    if (!stat.isFile()) return { why: 'it is no file' }
    if (stat.nlink > 1) return { why: 'it has a second name (a hard link), which would keep the old text' }
    const bytes = fs.readFileSync(path)
    return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { why: 'it is not UTF-8' }
  } catch (thrown) {
    const code = codeOf(thrown)
    return { why: code === 'ENOENT' ? 'it is gone' : `it cannot be read (${code})` }
  }
}

function writeProblem(path: string): string | undefined {
  try {
    // Whoever may do everything (root) must not write where the owner has said that nobody is to.
    if ((fs.statSync(path).mode & 0o222) === 0) return 'it is read-only'
    fs.accessSync(path, fs.constants.W_OK)
  } catch (thrown) {
    return `it is read-only (${codeOf(thrown)})`
  }
  try {
    fs.accessSync(dirname(path), fs.constants.W_OK | fs.constants.X_OK)
    return undefined
  } catch (thrown) {
    return `its folder cannot be written (${codeOf(thrown)})`
  }
}

/** What the hotfix would write, and what keeps it from a file. Where something is left, nothing is to be written. */
export function planChanges(hotfix: Hotfix): { changes: SourceChange[]; left: LeftFile[] } {
  const changes: SourceChange[] = []
  const left: LeftFile[] = []
  for (const [url, { preimageSha256, text }] of Object.entries(hotfix.overlay)) {
    const file = fileURLToPath(url)
    const found = readSource(file)
    const why = 'why' in found ? found.why : writeProblem(file)
    if (why !== undefined || 'why' in found) left.push({ file, why: why ?? 'it cannot be read' })
    else if (sha256(found.text) !== preimageSha256) left.push({ file, why: 'it was changed meanwhile' })
    else changes.push({ url, before: found.text, after: withLineEndsOf(found.text, text) })
  }
  return { changes, left }
}

/** An agent may have written lines of its own into a file whose lines all end with CRLF. To the compiler it is the same. */
function withLineEndsOf(before: string, after: string): string {
  const isCrlf = before.includes('\r\n') && !/(?<!\r)\n/.test(before)
  return isCrlf ? after.replaceAll(/(?<!\r)\n/g, '\r\n') : after
}

/** Whether the file has this text by now; git may have given it other line ends. */
export function isInFile(url: string, text: string): boolean {
  const found = readSource(fileURLToPath(url))
  return 'text' in found && found.text.replaceAll('\r\n', '\n') === text.replaceAll('\r\n', '\n')
}

export function stateOf({ url, before, after }: SourceChange): SourceState {
  const found = readSource(fileURLToPath(url))
  if ('why' in found) return found
  if (found.text === after) return 'after'
  return found.text === before ? 'before' : { why: 'it was changed meanwhile' }
}

export interface WriteOutcome {
  /** Absolute paths. */
  readonly written: readonly string[]
  /** Empty where all of it is written. */
  readonly left: readonly LeftFile[]
}

/**
 * All files or none: where one cannot be written, those that were are put back. Files that are as they are to be already
 * count as written. What cannot even be put back stays in `written`.
 */
export function writeChanges({ hotfix, files }: WriteIntent): WriteOutcome {
  for (const { url } of files) fs.rmSync(temporaryFor(fileURLToPath(url), hotfix), { force: true })
  const left: LeftFile[] = []
  const states = files.map((change) => ({ change, state: stateOf(change) }))
  for (const { change, state } of states) {
    if (typeof state === 'object') left.push({ file: fileURLToPath(change.url), why: state.why })
  }
  const written = states.filter(({ state }) => state === 'after').map(({ change }) => change)
  for (const { change, state } of left.length > 0 ? [] : states) {
    if (state !== 'before') continue
    const why = replaceText(hotfix, change.url, change.before, change.after)
    if (why !== undefined) {
      left.push({ file: fileURLToPath(change.url), why })
      break
    }
    written.push(change)
  }
  const kept = left.length === 0 ? written : written.filter((change) => !isPutBack(hotfix, change, left))
  return { written: kept.map(({ url }) => fileURLToPath(url)), left }
}

function isPutBack(hotfix: string, { url, before, after }: SourceChange, left: LeftFile[]): boolean {
  // Where the intent was lost nobody knows what stood there.
  if (before === after) return false
  const why = replaceText(hotfix, url, after, before)
  left.push({ file: fileURLToPath(url), why: why === undefined ? 'put back as it was' : `not put back: ${why}` })
  return why === undefined
}

/** Beside the file, since a rename is whole only within one file system; hidden, so that no watcher loads it. */
function temporaryFor(path: string, hotfix: string): string {
  return join(dirname(path), `.${basename(path)}.${hotfix}.tmp`)
}

/** write-file-atomic would leave a file of a name that nobody knows when the process is killed. Why not, or undefined. */
function replaceText(hotfix: string, url: string, expected: string, text: string): string | undefined {
  const path = fileURLToPath(url)
  const temporary = temporaryFor(path, hotfix)
  try {
    const problem = writeProblem(path)
    if (problem !== undefined) return problem
    const { mode, uid, gid } = fs.statSync(path)
    const handle = fs.openSync(temporary, 'wx', mode)
    try {
      fs.writeFileSync(handle, text)
      // The umask had its say when it was made.
      fs.fchmodSync(handle, mode)
      const own = fs.fstatSync(handle)
      if (own.uid !== uid || own.gid !== gid) fs.fchownSync(handle, uid, gid)
      fs.fsyncSync(handle)
    } finally {
      fs.closeSync(handle)
    }
    const found = readSource(path)
    if ('why' in found || found.text !== expected) return 'why' in found ? found.why : 'it was changed meanwhile'
    fs.renameSync(temporary, path)
    return undefined
  } catch (thrown) {
    return `it cannot be written (${codeOf(thrown)})`
  } finally {
    fs.rmSync(temporary, { force: true })
  }
}

/** What is being written, in a file beside the hotfix: whole, or absent. */
export class IntentStore {
  readonly #root: string

  /** @param rootDir absolute; the folder of the hotfixes. */
  constructor(rootDir: string) {
    this.#root = rootDir
  }

  #pathOf(hotfix: string): string {
    return join(this.#root, `${hotfix}.writing.json`)
  }

  async write(intent: WriteIntent): Promise<void> {
    const body = JSON.stringify(intent)
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
    await writeFileAtomic(this.#pathOf(intent.hotfix), `{"sha256":"${sha256(body)}","intent":${body}}\n`, {
      mode: 0o600,
    })
  }

  /** Undefined where there is none, or it does not hold. */
  async read(hotfix: string): Promise<WriteIntent | undefined> {
    let text: string
    try {
      text = await readFile(this.#pathOf(hotfix), 'utf8')
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return undefined
      throw thrown
    }
    // The text was written by write(), so everything has its fixed place and one changed byte shows.
    const parts = /^\{"sha256":"([0-9a-f]{64})","intent":(\{.*\})\}\n$/s.exec(text)
    const body = parts?.[2]
    if (body === undefined || sha256(body) !== parts?.[1]) return undefined
    const shape = intentShape.safeParse(JSON.parse(body))
    return shape.success && shape.data.hotfix === hotfix ? shape.data : undefined
  }

  async remove(hotfix: string): Promise<void> {
    await rm(this.#pathOf(hotfix), { force: true })
  }
}

/**
 * The folder that an agent from outside works in: the kernel's sources as they ran, check.ts, the evidence as people may
 * read it, and the task. What it has changed becomes the steps of a remedy; the user's own files are never touched.
 * Whether the change is any good is for the proof to say, and whether it is allowed, too.
 */
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { limits } from '../../base/limits.ts'
import { makePatch, type PatchStep } from '../patch.ts'
import type { AgentInput } from './agent.ts'
import { copyEvidence } from './work-evidence.ts'

export type WorkFileKind =
  /** Ran when the kernel failed, in its own folder: a repair may change it. */
  | 'source'
  /** In the kernel's folder, and not loaded; or loaded from another folder. To be read. */
  | 'other'
  /** What judges the repair. To be read. */
  | 'check'

export interface WorkFile {
  /** Relative to the folder, with `/`. */
  readonly file: string
  readonly text: string
  readonly kind: WorkFileKind
}

/** What an agent has made of its folder. */
export interface Taken {
  readonly steps: readonly PatchStep[]
  /** Changes that no step can say; a candidate with one is refused. Whole sentences. */
  readonly problems: readonly string[]
  /** Files beside the sources that were left behind; they are no part of a repair. */
  readonly leftOut: readonly string[]
}

export const taskName = 'TASK.md'
export const evidenceName = 'evidence'
/** Where files lie that the kernel loaded from elsewhere. */
const elsewhereName = 'outside-the-kernel'
const codeName = /\.[cm]?[jt]sx?$/
const sourceName = /\.(?:[cm]?[jt]s|json)$/

export class WorkFolder {
  /** Absolute, without symbolic links. */
  readonly path: string
  readonly #files: ReadonlyMap<string, WorkFile>

  private constructor(path: string, files: ReadonlyMap<string, WorkFile>) {
    this.path = path
    this.#files = files
  }

  /** A new one in place of any earlier, in the agent's own folder. */
  static async make(input: AgentInput): Promise<WorkFolder> {
    const folder = join(input.folder, 'work')
    await rm(folder, { recursive: true, force: true })
    await mkdir(join(folder, evidenceName), { recursive: true, mode: 0o700 })
    const path = await realpath(folder)
    const files = await filesOf(input)
    for (const { file, text } of files.values()) await writeWhole(join(path, file), text)
    await copyEvidence(input, join(path, evidenceName))
    return new WorkFolder(path, files)
  }

  /** One that was handed over before, with what it held then. */
  static async over(folder: string, files: readonly WorkFile[]): Promise<WorkFolder> {
    return new WorkFolder(await realpath(folder), new Map(files.map((file) => [file.file, file])))
  }

  get files(): readonly WorkFile[] {
    return [...this.#files.values()]
  }

  get taskPath(): string {
    return join(this.path, taskName)
  }

  async writeTask(text: string): Promise<void> {
    await writeFile(this.taskPath, text, { mode: 0o600 })
  }

  /** Every file that may be read, evidence and task included. Sorted. */
  async list(): Promise<string[]> {
    return (await this.#walk(() => true)).files.sort()
  }

  /**
   * The text of a file in the folder.
   * @param path relative to the folder, or absolute and within it.
   * @throws LazaretError PATCH_REFUSED where it leads elsewhere or is too large, NOT_FOUND.
   */
  async read(path: string): Promise<string> {
    await using handle = await this.#open(path, constants.O_RDONLY)
    return await handle.readFile('utf8')
  }

  /** Replaces the text of a file that is there. @throws LazaretError as read() does; PATCH_REFUSED for one that is not the kernel's. */
  async write(path: string, text: string): Promise<WorkFileKind> {
    const file = this.fileOf(path)
    const known = this.#files.get(file)
    if (known === undefined || known.kind === 'other') {
      const accepted = this.files.flatMap(({ kind, file }) => (kind === 'source' ? [file] : []))
      throw new LazaretError('PATCH_REFUSED', `${JSON.stringify(file)} may not be written.`, {
        hint: `Accepted: a source file that the kernel loaded from its own folder: ${accepted.join(', ')}.`,
      })
    }
    if (text.length > limits.agentFileChars + known.text.length) {
      throw new LazaretError('PATCH_REFUSED', `${text.length} characters are too many for ${JSON.stringify(file)}.`)
    }
    await using handle = await this.#open(path, constants.O_WRONLY)
    await handle.truncate()
    await handle.writeFile(text)
    return known.kind
  }

  /** Relative to the folder, with `/`. @throws LazaretError PATCH_REFUSED where it leads out of it. */
  fileOf(path: string): string {
    const inside = relative(this.path, resolve(this.path, path))
    if (path.includes('\0') || inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      throw outside(path)
    return inside.split(sep).join('/')
  }

  /** Looked at by its text, by where its links lead, and again once it is open: a program may change links meanwhile. */
  async #open(path: string, flags: number) {
    const file = this.fileOf(path)
    const target = join(this.path, file)
    try {
      const folder = await realpath(dirname(target))
      if (folder !== this.path && !folder.startsWith(this.path + sep)) throw outside(path)
      const handle = await open(join(folder, basename(target)), flags | constants.O_NOFOLLOW)
      try {
        const found = await handle.stat()
        // A program may make one as large as the disk, and it would be held in this process.
        const most = limits.patchBytes + 4 * Math.max(limits.agentFileChars, this.#files.get(file)?.text.length ?? 0)
        if (!found.isFile() || found.size > most) throw outside(path, ` of at most ${most} bytes`)
        const opened = process.platform === 'linux' ? await readlink(`/proc/self/fd/${handle.fd}`) : target
        if (!opened.startsWith(this.path + sep)) throw outside(path)
        return handle
      } catch (thrown) {
        await handle.close()
        throw thrown
      }
    } catch (thrown) {
      if (thrown instanceof LazaretError) throw thrown
      const { code } = thrown as NodeJS.ErrnoException
      if (code === 'ELOOP') throw outside(path)
      const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'There is no file' : `${code}: there is no way to open`
      throw new LazaretError('NOT_FOUND', `${why} ${JSON.stringify(file)}.`)
    }
  }

  /** What is different from how the folder was made. */
  async taken(): Promise<Taken> {
    const found = await this.#walk((name) => !name.startsWith('.') && name !== 'node_modules')
    const problems = [...found.problems]
    const steps: PatchStep[] = []
    const leftOut: string[] = []
    const there = new Set(found.files)
    for (const { file } of this.#files.values()) {
      if (!there.has(file)) problems.push(`${file} was deleted: a repair changes files that are there, and keeps them.`)
    }
    for (const file of found.files) {
      if (file === taskName || file.startsWith(`${evidenceName}/`)) continue
      const known = this.#files.get(file)
      if (known === undefined && !sourceName.test(file)) {
        leftOut.push(file)
        continue
      }
      const before = known?.text ?? ''
      const { size } = await lstat(join(this.path, file))
      if (size > limits.patchBytes + 4 * before.length) {
        problems.push(`${file} has grown to ${size} bytes: a change of at most ${limits.patchBytes} bytes is accepted.`)
        continue
      }
      const after = await this.read(file)
      if (known !== undefined && after === before) continue
      if (file.startsWith(`${elsewhereName}/`)) {
        problems.push(`${file} was changed: it is outside the folder of the kernel.`)
        continue
      }
      // A new file, or one that was not loaded: the proof says so, in its own words.
      const patch = makePatch(file, before, after)
      if (patch !== '') steps.push({ do: 'apply_patch', file, preimageSha256: sha256(before), patch })
    }
    return { steps, problems, leftOut }
  }

  /** Files that are judged by are put back as they were; their names are returned. */
  async restoreProtected(): Promise<string[]> {
    const restored: string[] = []
    for (const { file, text, kind } of this.#files.values()) {
      if (kind !== 'check') continue
      // Deleted, or made a link: it is put back like one that was changed.
      if ((await this.read(file).catch(() => undefined)) === text) continue
      await writeWhole(join(this.path, file), text)
      restored.push(file)
    }
    return restored
  }

  async #walk(enter: (name: string) => boolean): Promise<{ files: string[]; problems: string[] }> {
    const files: string[] = []
    const problems: string[] = []
    const folders = ['']
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of await readdir(join(this.path, folder), { withFileTypes: true })) {
        const file = folder === '' ? entry.name : `${folder}/${entry.name}`
        if (!enter(entry.name)) continue
        if (entry.isDirectory()) folders.push(file)
        else if (entry.isFile()) files.push(file)
        else problems.push(`${file} is a link or a device: only plain files are accepted.`)
        if (files.length > limits.agentLeftFiles) {
          problems.push(`There are more than ${limits.agentLeftFiles} files in the folder now.`)
          return { files, problems }
        }
      }
    }
    return { files, problems }
  }
}

function outside(path: string, size = ''): LazaretError {
  return new LazaretError(
    'PATCH_REFUSED',
    `${JSON.stringify(path.slice(0, 200))} is no file in the work folder${size}.`,
    {
      hint: 'Accepted: the relative path of a file in it, with /.',
    },
  )
}

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await rm(path, { recursive: true, force: true })
  await writeFile(path, text, { mode: 0o600, flag: 'wx' })
}

export async function filesOf(input: Pick<AgentInput, 'sources' | 'kernelFolderUrl' | 'checkUrl'>) {
  const { sources, kernelFolderUrl, checkUrl } = input
  const files = new Map<string, WorkFile>()
  const add = (file: string, text: string, kind: WorkFileKind) => files.set(file, { file, text, kind })
  for (const [url, text] of Object.entries(sources)) {
    if (url.startsWith(kernelFolderUrl)) add(decodeURIComponent(url.slice(kernelFolderUrl.length)), text, 'source')
    else add(elsewhere(url, kernelFolderUrl), text, 'other')
  }
  const kernelFolder = fileURLToPath(kernelFolderUrl)
  for (const file of await codeIn(kernelFolder)) {
    if (!files.has(file)) add(file, await readFile(join(kernelFolder, file), 'utf8'), 'other')
  }
  if (checkUrl?.startsWith(kernelFolderUrl)) {
    const file = decodeURIComponent(checkUrl.slice(kernelFolderUrl.length))
    add(file, await readFile(fileURLToPath(checkUrl), 'utf8'), 'check')
  }
  return files
}

/** The path as seen from the kernel's folder, its `..` written out. */
function elsewhere(url: string, kernelFolderUrl: string): string {
  const path = relative(fileURLToPath(kernelFolderUrl), fileURLToPath(url)).split(sep)
  return [elsewhereName, ...path.map((part) => (part === '..' ? 'up' : part))].join('/')
}

/** Code that the kernel did not load: what a misspelt import may have meant. No data: it may hold secrets. */
async function codeIn(kernelFolder: string): Promise<string[]> {
  const found: string[] = []
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(kernelFolder, folder), { withFileTypes: true })) {
      const file = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      if (found.length >= limits.agentFiles) return found
      if (entry.isDirectory()) folders.push(file)
      else if (entry.isFile() && codeName.test(entry.name)) {
        const { size } = await lstat(join(kernelFolder, file))
        if (size <= limits.agentFileChars) found.push(file)
      }
    }
  }
  return found
}

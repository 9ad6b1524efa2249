/**
 * The folder of one repair attempt: the kernel's sources as they ran, the evidence, and a copy of the kernel's data from
 * which each trial gets a copy of its own, so that one trial's writes are not another's start. Everything is copied and
 * nothing linked: a symbolic link would lead out of the sandbox (FACTS C).
 */
import { chmod, copyFile, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { limits } from '../base/limits.ts'
import type { Evidence, LoadedFile } from '../base/remedy.ts'

export interface WorkspaceOptions {
  /** `<dataDir>/repair` */
  readonly root: string
  readonly incident: string
  /** Counts the attempts at this incident. */
  readonly attempt: number
  readonly evidence: Evidence
  /** Absolute path of the kernel's own data folder. It may be absent. */
  readonly dataDirOfKernel: string
}

export interface Workspace {
  readonly folder: string
  /** Why the kernel's data was left out, in words that end a sentence; undefined where it is there. */
  readonly dataLeftOut: string | undefined
  /** A new folder with `data/` and `out/`, for one trial. */
  trial(): Promise<string>
  /** The folder that the next trial() will give, made but without data as yet: a process may be started for it. */
  nextTrial(): Promise<string>
  remove(): Promise<void>
}

/** Exact messages expire with the evidence itself, so they are not copied out of it. */
const notCopied: ReadonlySet<string> = new Set(['replay.bin'])
const evidenceFileBytes = 1_048_576

export async function makeWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { root, incident, attempt, evidence } = options
  const folder = join(root, `${incident}-${attempt}`)
  // A process that was killed may have left half of one behind.
  await rm(folder, { recursive: true, force: true })
  await makeFolder(join(folder, 'trials'))
  await writeSources(join(folder, 'source'), evidence.files)
  await copyEvidence(evidence.folder, join(folder, 'evidence'))
  const data = join(folder, 'data')
  const found = await copyData(options.dataDirOfKernel, data)
  let trials = 0
  let next: Promise<string> | undefined
  /** Trials being made or filled: what is removed meanwhile would be made anew by them. */
  const making = new Set<Promise<unknown>>()
  const noted = <T>(work: Promise<T>): Promise<T> => {
    making.add(work)
    const done = () => void making.delete(work)
    work.then(done, done)
    return work
  }
  const makeTrial = async (): Promise<string> => {
    trials += 1
    const trial = join(folder, 'trials', String(trials))
    await makeFolder(join(trial, 'out'))
    await makeFolder(join(trial, 'data'))
    return trial
  }
  return {
    folder,
    dataLeftOut: found.leftOut,
    trial() {
      const made = next ?? makeTrial()
      next = undefined
      return noted(made.then((trial) => copyAll(data, found, join(trial, 'data')).then(() => trial)))
    },
    nextTrial() {
      next ??= noted(makeTrial())
      return next
    },
    async remove() {
      await Promise.allSettled(making)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/** As they ran, in the layout that they have on disk, from the folder that all of them share. */
async function writeSources(folder: string, files: readonly LoadedFile[]): Promise<void> {
  await makeFolder(folder)
  const paths = files.map(({ url }) => fileURLToPath(url))
  const shared = sharedFolder(paths)
  for (const [index, path] of paths.entries()) {
    const target = join(folder, relative(shared, path))
    await makeFolder(dirname(target))
    await writeFile(target, files[index]?.text ?? '', { mode: 0o600 })
  }
}

function sharedFolder(paths: readonly string[]): string {
  const [first, ...rest] = paths.map((path) => dirname(path).split(sep))
  let length = first?.length ?? 0
  for (const parts of rest) {
    while (parts.slice(0, length).join(sep) !== first?.slice(0, length).join(sep)) length -= 1
  }
  return first?.slice(0, length).join(sep) || sep
}

async function copyEvidence(from: string, to: string): Promise<void> {
  await makeFolder(to)
  for (const name of await entriesOf(from)) {
    const found = await lstat(join(from, name))
    if (!found.isFile() || found.size > evidenceFileBytes || notCopied.has(name)) continue
    await copyPrivately(join(from, name), join(to, name))
  }
}

async function copyPrivately(from: string, to: string): Promise<void> {
  await copyFile(from, to)
  await chmod(to, 0o600)
}

/** Names in a folder; none where there is no such folder. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (thrown) {
    // A kernel that never wrote has no data folder, and an incident may be older than its evidence.
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw thrown
  }
}

interface Paths {
  /** Also those with nothing in them: a kernel that made one once does not make it again. */
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/** Paths relative to the data folder; none where the data is left out. */
interface FoundData extends Paths {
  readonly leftOut: string | undefined
}

async function copyData(from: string, to: string): Promise<FoundData> {
  await makeFolder(to)
  try {
    const found = await listData(from)
    await copyAll(from, found, to)
    return found
  } catch (thrown) {
    // Closed to us, or gone since we looked: a stand-in may be at work there.
    const { code = '', path = '' } = thrown as NodeJS.ErrnoException
    if (!ofOneFile.has(code)) throw thrown
    return leftOut(`${relative(from, path)} in it could not be copied (${code})`)
  }
}

const ofOneFile: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM'])

const leftOut = (why: string): FoundData => ({ folders: [], files: [], leftOut: why })

/** Looks before it copies: a link, a device, too many files or bytes, and the data is left out as a whole. */
async function listData(root: string): Promise<FoundData> {
  const files: string[] = []
  const folders = ['']
  let bytes = 0
  for (const folder of folders) {
    for (const name of await entriesOf(join(root, folder))) {
      const path = join(folder, name)
      const found = await lstat(join(root, path))
      if (found.isDirectory()) {
        folders.push(path)
        continue
      }
      if (found.isSymbolicLink()) return leftOut(`${path} in it is a symbolic link`)
      if (!found.isFile()) return leftOut(`${path} in it is no ordinary file`)
      bytes += found.size
      if (bytes > limits.sandboxDataBytes) return leftOut(`it has more than ${limits.sandboxDataBytes} bytes`)
      files.push(path)
    }
    const count = files.length + folders.length
    if (count > limits.sandboxDataFiles) return leftOut(`it has more than ${limits.sandboxDataFiles} files and folders`)
  }
  return { folders, files, leftOut: undefined }
}

/** Folders come before what is in them. */
async function copyAll(from: string, { folders, files }: Paths, to: string): Promise<void> {
  for (const folder of folders) await makeFolder(join(to, folder))
  for (const file of files) await copyPrivately(join(from, file), join(to, file))
}

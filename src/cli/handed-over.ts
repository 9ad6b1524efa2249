/**
 * The folder that a person gets to mend a kernel in: written from what the runtime hands over, and read again when it is
 * handed in. The user's own files are not touched, and no folder is overwritten.
 */
import { mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { evidenceName, taskName, WorkFolder } from '../repair/agents/work-folder.ts'
import type { HandOver } from '../repair/hand-over.ts'

/**
 * @param dataDir of the runtime; what lies in there comes and goes.
 * @throws LazaretError OPTION_INVALID where the folder is not empty, is no folder, or lies in dataDir.
 */
export async function writeHandOver(folder: string, handedOver: HandOver, dataDir: string): Promise<void> {
  const target = await mayBecome(folder, dataDir)
  const texts: [string, string][] = [
    ...handedOver.files.map(({ file, text }): [string, string] => [file, text]),
    ...handedOver.evidence.map(({ name, text }): [string, string] => [`${evidenceName}/${name}`, text]),
    [taskName, handedOver.task],
  ]
  await mkdir(join(target, evidenceName), { recursive: true, mode: 0o700 })
  for (const [name, text] of texts) {
    const path = resolve(target, name)
    if (!path.startsWith(target + sep)) {
      throw new LazaretError(
        'CONTROL_FAILED',
        `The runtime named a file outside of the folder: ${JSON.stringify(name)}.`,
      )
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, text, { mode: 0o600, flag: 'wx' })
  }
}

/** Absolute, its links followed as far as it is there. */
async function mayBecome(folder: string, dataDir: string): Promise<string> {
  const wrong = (why: string) =>
    new LazaretError('OPTION_INVALID', `${JSON.stringify(folder)} ${why}.`, {
      hint: 'Name a new folder: lazaret task <id> --workspace <folder>',
    })
  const target = await realpathOfAll(resolve(folder))
  const data = await realpathOfAll(resolve(dataDir))
  if (target === data || target.startsWith(data + sep)) throw wrong(`lies in the data directory ${data}`)
  try {
    if ((await readdir(target)).length > 0) throw wrong('is not empty, and nothing is overwritten')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOTDIR') throw wrong('is no folder')
    if (code !== 'ENOENT') throw thrown
  }
  return target
}

async function realpathOfAll(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw thrown
    return join(await realpathOfAll(dirname(path)), path.slice(dirname(path).length))
  }
}

export interface Read {
  /** A unified diff. */
  readonly diff: string
  /** Files of the folder that are no part of a repair. */
  readonly leftOut: readonly string[]
}

/**
 * @param path of a folder that was handed over, or of a file with a diff.
 * @param files that the folder was made with.
 * @throws LazaretError OPTION_INVALID where there is nothing to hand in; PATCH_REFUSED for changes that no repair can make.
 */
export async function readSubmission(path: string, files: () => Promise<HandOver['files']>): Promise<Read> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw unfit(path, cause.code === 'ENOENT' ? 'is not there' : `cannot be read: ${cause.message}`)
  })
  if (found.isDirectory()) return readFolder(path, await files())
  if (!found.isFile()) throw unfit(path, 'is no plain file and no folder')
  if (found.size > limits.patchBytes) {
    throw unfit(path, `has ${found.size} bytes, and a diff of at most ${limits.patchBytes} is accepted`)
  }
  return { diff: await readFile(path, 'utf8'), leftOut: [] }
}

async function readFolder(path: string, files: HandOver['files']): Promise<Read> {
  const folder = await WorkFolder.over(path, files)
  const there = new Set(await folder.list())
  if (!files.some(({ file }) => there.has(file))) throw unfit(path, 'is not the folder that was handed over')
  const { steps, problems, leftOut } = await folder.taken()
  if (problems.length > 0) {
    throw new LazaretError('PATCH_REFUSED', problems.join(' '), {
      details: { problems },
      hint: 'Change source files that are there, and nothing else.',
    })
  }
  if (steps.length === 0) throw unfit(path, 'has no source file that is changed')
  return { diff: steps.map(({ patch }) => patch).join(''), leftOut }
}

function unfit(path: string, why: string): LazaretError {
  return new LazaretError('OPTION_INVALID', `${JSON.stringify(path)} ${why}.`, {
    hint: 'Accepted: the folder of lazaret task <id> --workspace, changed; or a file with a unified diff.',
  })
}

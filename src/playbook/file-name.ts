/** Names of playbook files, and what lies where one should be. */
import { lstat, readFile } from 'node:fs/promises'
import { LazaretError } from '../base/errors.ts'

export const playbookSuffix = '_failure_remediation.yaml'

export function playbookFileName(kernel: string): string {
  return `${kernel}${playbookSuffix}`
}

/** Undefined where it is no name of a playbook file. */
export function kernelOf(fileName: string): string | undefined {
  return fileName.endsWith(playbookSuffix) ? fileName.slice(0, -playbookSuffix.length) : undefined
}

export function badName(path: string): LazaretError {
  return new LazaretError('PLAYBOOK_INVALID', `${path} is not read, because of its name.`, {
    details: { file: path },
    hint: `Accepted: the id of a kernel, then ${playbookSuffix}.`,
  })
}

/** The text; undefined where there is no such file. @throws LazaretError PLAYBOOK_INVALID where it is no file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    if (!(await lstat(path)).isFile()) {
      throw new LazaretError('PLAYBOOK_INVALID', `${path} is no file.`, {
        hint: 'Move it away.',
        details: { file: path },
      })
    }
    return await readFile(path, 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
}

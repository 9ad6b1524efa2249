/** Folders, made with their parents. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * As `mkdirSync(path, { recursive: true })`, which never returns below /proc (Node 26.10): the kernel answers "no such
 * entry" there for a folder whose parent exists, and Node goes on making parents.
 * @throws what the system says: of the folder that could not be made.
 */
export function makeFolder(path: string, mode?: number): void {
  const folder = resolve(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = dirname(folder)
  if (parent !== folder) makeFolder(parent, mode)
  try {
    mkdirSync(folder, { mode: mode ?? 0o777 })
  } catch (thrown) {
    // Somebody else has made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw thrown
  }
}

/**
 * Folders of a kernel's data that a remedy clears: moved aside under the hotfix's id, moved back at a roll-back, deleted
 * when the kernel is steady. Nothing is copied, so what a kill of the process leaves is one side or the other.
 */
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { RemedyStep } from '../base/remedy.ts'
import type { House } from './house.ts'

type Place = Pick<House, 'dataDir'>

function asideOf({ dataDir }: Place, hotfix: string): string {
  return join(dataDir, 'cleared', hotfix)
}

function keptAs(house: Place, hotfix: string, folder: string): string {
  return join(asideOf(house, hotfix), sha256(folder).slice(0, 32))
}

/** A folder is empty afterwards; one that is not there stays away. @throws LazaretError PATCH_REFUSED for a link or a file. */
export function clearFolders(house: Place, kernel: string, hotfix: string, folders: readonly string[]): void {
  for (const folder of folders) {
    const path = placeOf(house, kernel, folder)
    if (path === undefined) continue
    mkdirSync(asideOf(house, hotfix), { recursive: true, mode: 0o700 })
    renameSync(path, keptAs(house, hotfix, folder))
    mkdirSync(path, { mode: 0o700 })
  }
}

/** Undefined where there is no such folder. */
function placeOf({ dataDir }: Place, kernel: string, folder: string): string | undefined {
  let path = join(dataDir, 'kernels', kernel)
  for (const part of folder.split('/')) {
    path = join(path, part)
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    if (found.isDirectory()) continue
    const what = found.isSymbolicLink() ? 'a symbolic link' : 'no folder'
    throw new LazaretError('PATCH_REFUSED', `${JSON.stringify(folder)} in the data of ${kernel} is ${what}.`, {
      kernel,
      details: { folder, path },
      hint: "Accepted: a folder inside the kernel's own data folder.",
    })
  }
  return path
}

/** What was moved aside is back; what the kernel wrote there meanwhile is gone. */
export function bringBack(house: Place, kernel: string, hotfix: string, steps: readonly RemedyStep[]): void {
  for (const step of steps) {
    if (step.do !== 'clear_folder') continue
    const kept = keptAs(house, hotfix, step.folder)
    if (!existsSync(kept)) continue
    const path = join(house.dataDir, 'kernels', kernel, ...step.folder.split('/'))
    rmSync(path, { recursive: true, force: true })
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    renameSync(kept, path)
  }
  rmSync(asideOf(house, hotfix), { recursive: true, force: true })
}

/** The kernel is steady without what was in them. */
export function forgetCleared(house: Place, hotfix: string): Promise<void> {
  return rm(asideOf(house, hotfix), { recursive: true, force: true })
}

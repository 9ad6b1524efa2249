/**
 * Faults on disk, as a person's slip, a full disk or a bad sector leaves them: a file edited under a running kernel, a
 * byte that is not what it was. Everything is done at once and synchronously, so that no newer file comes between.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { LazaretError } from '../base/errors.ts'
import { decodeSnapshot, encodeSnapshot, seqOf, snapshotName } from '../snapshot/file.ts'

/**
 * Changes a kernel's newest snapshot on disk. `damaged`: one byte is flipped, so that its hash does not hold. A function:
 * the state is replaced by what it returns, under a hash that holds, as a kernel with a bug would leave it.
 * @returns the file.
 */
export function corruptSnapshot(dataDir: string, id: string, how: 'damaged' | ((state: unknown) => unknown)): string {
  const folder = join(dataDir, 'snapshots', id)
  const names = readdirSync(folder).filter((name) => name.endsWith('.snap') && !name.startsWith('golden'))
  const newest = names.sort((a, b) => (seqOf(a) ?? 0) - (seqOf(b) ?? 0)).at(-1)
  if (newest === undefined) throw new LazaretError('NOT_FOUND', `${id} has no snapshot in ${folder}.`, { kernel: id })
  const path = join(folder, newest)
  if (how === 'damaged') {
    flipByte(path)
    return path
  }
  const decoded = decodeSnapshot(readFileSync(path), id)
  if (!decoded.ok)
    throw new LazaretError('SNAPSHOT_CORRUPT', `${path} is damaged already: ${decoded.reason}`, { kernel: id })
  const { kernel, codeSha256, configSha256 } = decoded.header
  const at = Date.now()
  const next = join(folder, snapshotName(at, (seqOf(newest) ?? 0) + 1))
  const state = serialize(how(decoded.state))
  writeFileSync(next, encodeSnapshot({ kernel, at, codeSha256, configSha256 }, state), { mode: 0o600 })
  return next
}

/**
 * Flips every bit of one byte of a file.
 * @param at place of the byte, as a share of the file from 0 to 1. Default 1, the last one.
 * @returns the place.
 */
export function flipByte(path: string, at = 1): number {
  const bytes = readFileSync(path)
  if (bytes.length === 0) throw new LazaretError('NOT_FOUND', `${path} is empty: there is no byte to flip.`)
  const place = Math.min(bytes.length - 1, Math.max(0, Math.floor(bytes.length * at)))
  bytes[place] = (bytes[place] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
  return place
}

/** Edits a text file; says so where the edit changes nothing, because then the fault would not be one. */
export function editFile(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, 'utf8')
  const after = change(before)
  if (after === before) throw new LazaretError('NOT_FOUND', `The edit changes nothing in ${path}.`)
  writeFileSync(path, after)
}

/**
 * Hashes of files on disk, read in slices: a file of any size holds the event loop for no longer than one slice takes,
 * and is never in memory whole. Pipes and devices are refused, since reading one may wait for ever.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { limits } from './limits.ts'

/** The process or the machine is short of something: says nothing about the file. */
const shortages: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY'])

export function isShortage(code: string): boolean {
  return shortages.has(code)
}

/** @throws what the system says, or an error with the code ENOTFILE where it is no regular file. */
export async function openRegular(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK the opening of a pipe would hold a thread of libuv's pool until somebody writes to it.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!(await handle.stat()).isFile()) throw Object.assign(new Error(`${path} is no file`), { code: 'ENOTFILE' })
    return handle
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

/** Of everything from a position on. The handle stays open. */
export async function hashFrom(handle: FileHandle, position: number): Promise<{ sha256: string; bytes: number }> {
  const sum = createHash('sha256')
  const slice = Buffer.allocUnsafe(limits.integritySliceBytes)
  let bytes = 0
  for (;;) {
    const { bytesRead } = await handle.read(slice, 0, slice.length, position + bytes)
    if (bytesRead === 0) return { sha256: sum.digest('hex'), bytes }
    sum.update(slice.subarray(0, bytesRead))
    bytes += bytesRead
  }
}

/** Of the whole file. @throws as openRegular. */
export async function sha256OfFile(path: string): Promise<string> {
  await using handle = await openRegular(path)
  // Awaited here: the handle is closed first otherwise.
  return (await hashFrom(handle, 0)).sha256
}

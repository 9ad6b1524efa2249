/**
 * Whether a file of a kernel's snapshot folder still holds what was written, without bringing its state into memory.
 * It changes nothing and sets nothing aside: see store.ts.
 */
import { basename } from 'node:path'
import { toRecord } from '../base/error-record.ts'
import { hashFrom, isShortage, openRegular } from '../base/file-hash.ts'
import { limits } from '../base/limits.ts'
import { parseHeader } from './file.ts'
import { currentFile, parseGolden, previousFile } from './golden.ts'
import { decodeTraffic, trafficFile } from './hold-out-file.ts'

export interface Verified {
  /** Why the file cannot be trusted. */
  readonly reason?: string
  /** Name of the snapshot that a golden record was made from. */
  readonly snapshot?: string
}

/** Whether it is one of those that are verified: a snapshot, a golden copy, a golden record or its traffic. */
export function isVerified(name: string): boolean {
  return name.endsWith('.snap') || name === currentFile || name === previousFile || name === trafficFile
}

/** Whether it belongs to what was good when the kernel was last steady. */
export function isGolden(name: string): boolean {
  return name.startsWith('golden')
}

/**
 * One that is gone by now holds: it was pruned or replaced.
 * @throws what the system says where it is short of files or memory.
 */
export async function verifyFile(path: string, kernel: string): Promise<Verified> {
  try {
    if (basename(path) === trafficFile) return await verifyTraffic(path, kernel)
    return path.endsWith('.snap') ? await verifySnapshot(path, kernel) : await verifyGolden(path, kernel)
  } catch (thrown) {
    const code = toRecord(thrown).code ?? 'unknown error'
    if (isShortage(code)) throw thrown
    return code === 'ENOENT' ? {} : { reason: `it cannot be read: ${code}` }
  }
}

async function verifySnapshot(path: string, kernel: string): Promise<Verified> {
  await using handle = await openRegular(path)
  const head = Buffer.alloc(limits.snapshotHeaderBytes)
  const { bytesRead } = await handle.read(head, 0, head.length, 0)
  const end = head.subarray(0, bytesRead).indexOf(10)
  if (end === -1) return { reason: bytesRead === 0 ? 'the file is empty' : 'the header has no end' }
  const header = parseHeader(head.toString('utf8', 0, end))
  if (header === undefined) return { reason: 'the header does not match its hash' }
  if (header.kernel !== kernel) return { reason: `it belongs to the kernel ${String(header.kernel)}` }
  const { sha256, bytes } = await hashFrom(handle, end + 1)
  if (bytes !== header.bytes) return { reason: `the state has ${bytes} bytes instead of ${header.bytes}` }
  return sha256 === header.stateSha256 ? {} : { reason: 'the state does not match its hash' }
}

async function verifyGolden(path: string, kernel: string): Promise<Verified> {
  await using handle = await openRegular(path)
  const golden = parseGolden(await handle.readFile('utf8'), kernel)
  if (typeof golden === 'string') return { reason: golden }
  return basename(path) === currentFile && golden.snapshot !== undefined ? { snapshot: golden.snapshot } : {}
}

async function verifyTraffic(path: string, kernel: string): Promise<Verified> {
  await using handle = await openRegular(path)
  const found = decodeTraffic(await handle.readFile(), kernel)
  return 'reason' in found ? { reason: found.reason } : {}
}

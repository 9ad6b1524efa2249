/**
 * replay.bin: the exact messages, state and configuration of a failure, for a proof to replay. It is the one unredacted
 * file of an evidence folder, so only its owner may read it and it expires. One line of JSON (format, expiry, hash),
 * then v8.serialize of the evidence: the expiry can be read without reading the rest.
 */
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { hashFrom, isShortage, openRegular } from '../base/file-hash.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import type { Evidence } from '../base/remedy.ts'

const format = 'lazaret-replay-1'
/** The header is far shorter than this. */
const headerBytes = 256
/** Never through a link, and never waiting for the writer of a pipe. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

interface ReplayHeader {
  readonly format: typeof format
  /** Epoch milliseconds. */
  readonly expiresAt: number
  readonly sha256: string
}

export function encodeReplay(evidence: Omit<Evidence, 'folder'>, expiresAt: number): Uint8Array {
  const body = serialize(evidence)
  const header: ReplayHeader = { format, expiresAt, sha256: sha256(body) }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body])
}

function parseHeader(bytes: Uint8Array): { header: ReplayHeader; bodyAt: number } | undefined {
  const end = bytes.subarray(0, headerBytes).indexOf(10)
  if (end < 0) return undefined
  try {
    const header: Partial<ReplayHeader> = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString('utf8'))
    if (header?.format !== format || typeof header.expiresAt !== 'number' || typeof header.sha256 !== 'string') {
      return undefined
    }
    return { header: header as ReplayHeader, bodyAt: end + 1 }
  } catch {
    // No JSON: the callers treat it as the damaged file that it is.
    return undefined
  }
}

/**
 * Reads the exact evidence back.
 * @throws LazaretError NOT_FOUND where it is absent or expired, EVIDENCE_CORRUPT where it is damaged.
 */
export function readEvidence(folder: string, nowMs: number): Evidence {
  const path = join(resolve(folder), 'replay.bin')
  const bytes = readOwn(path)
  const parsed = parseHeader(bytes)
  if (parsed === undefined) throw corrupt(path, 'its first line is not the header that was written')
  const { header, bodyAt } = parsed
  if (header.expiresAt <= nowMs) {
    throw new LazaretError('NOT_FOUND', `${path} expired at ${new Date(header.expiresAt).toISOString()}.`, {
      details: { path, expiresAt: header.expiresAt },
      hint: 'The readable files beside it remain: messages.jsonl and error.json.',
    })
  }
  const body = bytes.subarray(bodyAt)
  if (sha256(body) !== header.sha256) throw corrupt(path, 'its content does not match its hash')
  try {
    return { ...(deserialize(body) as Omit<Evidence, 'folder'>), folder: resolve(folder) }
  } catch (cause) {
    throw corrupt(path, 'this version of Node.js cannot deserialise it', cause)
  }
}

/**
 * Why the exact evidence of a folder cannot be used; undefined where it can, or has expired. Its content is not kept in
 * memory.
 * @param writtenAt epoch milliseconds; by this one that is gone is told from one that has expired.
 * @throws what the system says where it is short of files or memory.
 */
export async function replayDamage(folder: string, writtenAt: number, nowMs: number): Promise<string | undefined> {
  try {
    await using handle = await openRegular(join(folder, 'replay.bin'))
    const head = Buffer.alloc(headerBytes)
    const { bytesRead } = await handle.read(head, 0, headerBytes, 0)
    const parsed = parseHeader(head.subarray(0, bytesRead))
    if (parsed === undefined) return 'its first line is not the header that was written'
    if (parsed.header.expiresAt <= nowMs) return undefined
    const { sha256 } = await hashFrom(handle, parsed.bodyAt)
    return sha256 === parsed.header.sha256 ? undefined : 'its content does not match its hash'
  } catch (thrown) {
    const code = toRecord(thrown).code ?? 'unknown error'
    if (isShortage(code)) throw thrown
    if (code !== 'ENOENT') return `it cannot be read: ${code}`
    return writtenAt + limits.replayExpiryMs <= nowMs ? undefined : 'it is gone'
  }
}

function readOwn(path: string): Uint8Array {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, openFlags)
    return readFileSync(descriptor)
  } catch (cause) {
    throw new LazaretError('NOT_FOUND', `${path} cannot be read: ${toRecord(cause).code ?? toRecord(cause).message}.`, {
      details: { path },
      hint: 'Give the folder of an incident whose replay.bin has not been deleted.',
      cause,
    })
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function corrupt(path: string, why: string, cause?: unknown): LazaretError {
  return new LazaretError('EVIDENCE_CORRUPT', `${path} cannot be used: ${why}.`, {
    details: { path },
    hint: 'Repair from the readable files beside it, or wait for the failure to happen again.',
    ...(cause === undefined ? {} : { cause }),
  })
}

export interface SweepResult {
  /** Folders whose replay.bin was deleted. */
  readonly expired: readonly string[]
  /** Half-written folders of a process that died, removed. */
  readonly unfinished: readonly string[]
  readonly failed: readonly { readonly path: string; readonly error: ErrorRecord }[]
}

/** A capture takes milliseconds; one that is this old was never finished. */
const unfinishedMs = 3_600_000

/**
 * Deletes every replay.bin that has expired, and what captures that were cut short left behind. A damaged replay.bin
 * expires limits.replayExpiryMs after it was written. Never throws.
 */
export function expireReplays(quarantineDir: string, nowMs: number): SweepResult {
  const result = { expired: [] as string[], unfinished: [] as string[], failed: [] as SweepResult['failed'][number][] }
  const root = join(resolve(quarantineDir), 'kernels')
  for (const folder of listFolders(root, result.failed)) {
    try {
      if (basename(folder).startsWith('.tmp-')) {
        if (statSync(folder).mtimeMs > nowMs - unfinishedMs) continue
        rmSync(folder, { recursive: true, force: true })
        result.unfinished.push(folder)
        continue
      }
      const path = join(folder, 'replay.bin')
      const expiresAt = readExpiry(path)
      if (expiresAt === undefined || expiresAt > nowMs) continue
      rmSync(path)
      result.expired.push(folder)
    } catch (thrown) {
      result.failed.push({ path: folder, error: toRecord(thrown) })
    }
  }
  return result
}

function listFolders(root: string, failed: { path: string; error: ErrorRecord }[]): string[] {
  try {
    // Links are no directories here, so nothing outside is ever touched.
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, entry.name))
  } catch (thrown) {
    const error = toRecord(thrown)
    // No folder yet: nothing was ever captured.
    if (error.code !== 'ENOENT') failed.push({ path: root, error })
    return []
  }
}

/** Undefined where there is no replay.bin. */
function readExpiry(path: string): number | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, openFlags)
    const head = Buffer.alloc(headerBytes)
    const read = readSync(descriptor, head, 0, headerBytes, 0)
    return parseHeader(head.subarray(0, read))?.header.expiresAt ?? statSync(path).mtimeMs + limits.replayExpiryMs
  } catch (thrown) {
    if (toRecord(thrown).code === 'ENOENT') return undefined
    throw thrown
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

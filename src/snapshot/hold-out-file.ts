/**
 * The file that keeps healthy traffic beside a golden record: one line of JSON (format, kernel, code, expiry, hash), then
 * v8.serialize of the traffic. It holds arguments in the clear, as replay.bin does, so only its owner may read it and it
 * expires. Nothing depends on it: where it is gone or damaged, a repair has less to be compared with.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { toRecord } from '../base/error-record.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import type { HoldOut } from '../base/remedy.ts'

export const trafficFile = 'golden.traffic'

const format = 'lazaret-traffic-1'
const newline = 0x0a

interface Header {
  readonly format: typeof format
  readonly kernel: string
  /** Of the code that answered. */
  readonly codeSha256: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
  readonly sha256: string
}

/** What is there; `reason`, for a person, where it cannot be used. */
export type FoundTraffic =
  | { readonly holdOut: HoldOut; readonly codeSha256: string; readonly expiresAt: number }
  | { readonly reason: string }

/** It expires limits.replayExpiryMs after its last message. */
export function encodeTraffic(kernel: string, codeSha256: string, holdOut: HoldOut): Uint8Array {
  const body = serialize(holdOut)
  const expiresAt = (holdOut.messages.at(-1)?.at ?? 0) + limits.replayExpiryMs
  const header: Header = { format, kernel, codeSha256, expiresAt, sha256: sha256(body) }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body])
}

export function decodeTraffic(file: Uint8Array, kernel: string): FoundTraffic {
  const end = file.subarray(0, limits.snapshotHeaderBytes).indexOf(newline)
  const header = end === -1 ? undefined : parseHeader(Buffer.from(file.subarray(0, end)).toString('utf8'))
  if (header === undefined) return { reason: 'its first line is not the header that was written' }
  if (header.kernel !== kernel) return { reason: `it belongs to the kernel ${header.kernel}` }
  const body = file.subarray(end + 1)
  if (sha256(body) !== header.sha256) return { reason: 'it does not match its hash' }
  try {
    const { codeSha256, expiresAt } = header
    return { holdOut: deserialize(body) as HoldOut, codeSha256, expiresAt }
  } catch {
    // Whole, and written by a Node.js of another format.
    return { reason: 'this version of Node.js cannot deserialise it' }
  }
}

function parseHeader(line: string): Header | undefined {
  try {
    const header: Partial<Header> | null = JSON.parse(line)
    const isWhole =
      header?.format === format &&
      typeof header.kernel === 'string' &&
      typeof header.codeSha256 === 'string' &&
      typeof header.expiresAt === 'number' &&
      typeof header.sha256 === 'string'
    return isWhole ? (header as Header) : undefined
  } catch {
    // No JSON: the caller treats it as the damaged file that it is.
    return undefined
  }
}

/**
 * Synchronously, as evidence is written: a kernel with stuck file calls can hold every thread of libuv's pool.
 * @returns undefined where there is no such file, or it cannot be read.
 */
export function readTraffic(path: string, kernel: string): FoundTraffic | undefined {
  let descriptor: number | undefined
  try {
    // Never through a link, and never waiting for the writer of a pipe.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const { size } = fstatSync(descriptor)
    if (size > 2 * limits.holdOutBytes + limits.snapshotHeaderBytes) return { reason: `it has ${size} bytes` }
    return decodeTraffic(readFileSync(descriptor), kernel)
  } catch (thrown) {
    if (toRecord(thrown).code === 'ENOENT') return undefined
    return { reason: `it cannot be read: ${toRecord(thrown).code ?? 'unknown error'}` }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

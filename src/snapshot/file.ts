/**
 * What one snapshot file looks like: a line of JSON, then the raw state. The line carries a hash of the state and one of
 * itself, so a change anywhere in the file is seen. Pure: no disk here, see store.ts.
 */
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { kernelIdProblem, kernelIdRule, timestampName } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

export interface SnapshotHeader {
  readonly format: 1
  readonly kernel: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly codeSha256: string
  readonly configSha256: string
  readonly stateSha256: string
  /** Length of the state. */
  readonly bytes: number
}

export type DecodedSnapshot =
  | { readonly ok: true; readonly header: SnapshotHeader; readonly state: Uint8Array }
  | { readonly ok: false; readonly reason: string }

const newline = 0x0a
const periodicName = /^\d{8}T\d{9}Z-(\d{8,15})\.snap$/
const anyName = /^(?:golden-)?\d{8}T\d{9}Z-(\d{8,15})\.snap(?:\.corrupt)?$/

/** `20261124T041503123Z-00000007.snap`. The number counts up for ever, so the order holds when the clock goes back. */
export function snapshotName(at: number, seq: number): string {
  return `${timestampName(at)}-${String(seq).padStart(8, '0')}.snap`
}

export function goldenCopyName(name: string): string {
  return `golden-${name}`
}

/** The number in a periodic snapshot's name; undefined for every other file. */
export function periodicSeq(name: string): number | undefined {
  const found = periodicName.exec(name)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** The number in any name that this folder gives out, set-aside and golden ones included. */
export function seqOf(name: string): number | undefined {
  const found = anyName.exec(name)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** @throws LazaretError OPTION_INVALID where the id could leave the snapshots' folder or is no kernel id at all. */
export function requireKernelId(kernel: string): void {
  const problem = kernelIdProblem(kernel)
  if (problem === undefined) return
  throw new LazaretError(
    'OPTION_INVALID',
    `A snapshot is kept under its kernel's id, and ${JSON.stringify(kernel)} is none: ${problem}.`,
    { details: { kernel, accepted: kernelIdRule }, hint: `Accepted: ${kernelIdRule}.` },
  )
}

/** @throws LazaretError OPTION_INVALID for anything but a name that the store gave out. */
export function requireSnapshotName(kernel: string, name: string): void {
  if (anyName.test(name) && !name.endsWith('.corrupt')) return
  throw new LazaretError('OPTION_INVALID', `${JSON.stringify(name)} is not the name of a snapshot of ${kernel}.`, {
    kernel,
    details: { name },
    hint: 'Accepted: a name that list() or latest() returned, such as 20261124T041503123Z-00000007.snap.',
  })
}

function headerLine(header: SnapshotHeader): string {
  const { format, kernel, at, codeSha256, configSha256, stateSha256, bytes } = header
  const own = { format, kernel, at, codeSha256, configSha256, stateSha256, bytes }
  return JSON.stringify({ ...own, headerSha256: sha256(JSON.stringify(own)) })
}

export function encodeSnapshot(header: Omit<SnapshotHeader, 'format' | 'stateSha256' | 'bytes'>, state: Uint8Array) {
  const line = headerLine({ ...header, format: 1, stateSha256: sha256(state), bytes: state.byteLength })
  return Buffer.concat([Buffer.from(`${line}\n`), state])
}

/** Undefined where a byte of it was changed. */
export function parseHeader(line: string): SnapshotHeader | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // No JSON: the caller reports the file as corrupt.
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const header = value as SnapshotHeader
  // Writing it again must give the very same line: that checks every field, its hash and the absence of anything else.
  return headerLine(header) === line ? header : undefined
}

/** Never throws: whatever is wrong with the bytes comes back as a reason for a person. */
export function decodeSnapshot(file: Uint8Array, kernel: string): DecodedSnapshot {
  const end = file.subarray(0, limits.snapshotHeaderBytes).indexOf(newline)
  if (end === -1) return { ok: false, reason: file.byteLength === 0 ? 'the file is empty' : 'the header has no end' }
  const header = parseHeader(Buffer.from(file.subarray(0, end)).toString('utf8'))
  if (header === undefined) return { ok: false, reason: 'the header does not match its hash' }
  if (header.format !== 1) return { ok: false, reason: `format ${String(header.format)} is unknown; accepted: 1` }
  if (header.kernel !== kernel) return { ok: false, reason: `it belongs to the kernel ${String(header.kernel)}` }
  const state = file.subarray(end + 1)
  if (state.byteLength !== header.bytes) {
    return { ok: false, reason: `the state has ${state.byteLength} bytes instead of ${header.bytes}` }
  }
  if (sha256(state) !== header.stateSha256) return { ok: false, reason: 'the state does not match its hash' }
  return { ok: true, header, state }
}

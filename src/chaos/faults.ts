/**
 * Faults as they come in life: from outside the kernel, through the inspector, the file system or its thread. For
 * drills, tests, and the stress run. Nothing here asks the kernel to play along.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { LazaretError } from '../base/errors.ts'
import { inspectorLine } from '../lifecycle/inspector.ts'
import type { Runtime } from '../runtime.ts'
import { decodeSnapshot, encodeSnapshot, seqOf, snapshotName } from '../snapshot/file.ts'

const inspectorMs = 5000

/** Ends the kernel's thread from outside, without a word to it. Resolves when it is gone. */
export async function killThread(runtime: Runtime, id: string): Promise<void> {
  await threadOf(runtime, id).terminate()
}

function threadOf(runtime: Runtime, id: string) {
  const thread = runtime.threadOf(id)
  if (thread !== undefined) return thread
  throw new LazaretError('COMMAND_REFUSED', `${id} has no thread now.`, { kernel: id, hint: 'See: lazaret status' })
}

/**
 * Runs an expression inside the kernel's thread through the inspector, as a debugger would: `process.exit(0)`. Resolves
 * when the thread has read it, or has ended by it.
 * @throws LazaretError COMMAND_REFUSED where the thread does not answer within 5 s, or cannot be inspected.
 */
export async function evaluateInThread(runtime: Runtime, id: string, expression: string): Promise<void> {
  const { name } = threadOf(runtime, id)
  const answer = Promise.withResolvers<void>()
  const line = inspectorLine(name, () => answer.resolve())
  const refused = (why: string) =>
    new LazaretError('COMMAND_REFUSED', `${id} cannot be inspected: ${why}`, { kernel: id })
  if (line === undefined) throw refused('from within a worker the inspector reaches that worker only.')
  const timer = setTimeout(() => answer.reject(refused(`it did not answer within ${inspectorMs} ms.`)), inspectorMs)
  line.send('Runtime.evaluate', { expression })
  try {
    await answer.promise
  } finally {
    clearTimeout(timer)
    line.hangUp()
  }
}

/**
 * Changes a kernel's newest snapshot on disk. `damaged`: one byte is flipped, so that its hash does not hold. A function:
 * the state is replaced by what it returns, under a hash that holds, as a kernel with a bug would leave it.
 * Synchronous, so that no newer snapshot comes between.
 */
export function corruptSnapshot(dataDir: string, id: string, how: 'damaged' | ((state: unknown) => unknown)): string {
  const folder = join(dataDir, 'snapshots', id)
  const names = readdirSync(folder).filter((name) => name.endsWith('.snap') && !name.startsWith('golden'))
  const newest = names.sort((a, b) => (seqOf(a) ?? 0) - (seqOf(b) ?? 0)).at(-1)
  if (newest === undefined) throw new LazaretError('NOT_FOUND', `${id} has no snapshot in ${folder}.`, { kernel: id })
  const path = join(folder, newest)
  const bytes = readFileSync(path)
  if (how === 'damaged') {
    const last = bytes.length - 1
    bytes[last] = (bytes[last] ?? 0) ^ 0xff
    writeFileSync(path, bytes)
    return path
  }
  const decoded = decodeSnapshot(bytes, id)
  if (!decoded.ok)
    throw new LazaretError('SNAPSHOT_CORRUPT', `${path} is damaged already: ${decoded.reason}`, { kernel: id })
  const { kernel, codeSha256, configSha256 } = decoded.header
  const at = Date.now()
  const next = join(folder, snapshotName(at, (seqOf(newest) ?? 0) + 1))
  const state = serialize(how(decoded.state))
  writeFileSync(next, encodeSnapshot({ kernel, at, codeSha256, configSha256 }, state), { mode: 0o600 })
  return next
}

/** Edits a text file; says so where the edit changes nothing, because then the fault would not be one. */
export function editFile(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, 'utf8')
  const after = change(before)
  if (after === before) throw new LazaretError('NOT_FOUND', `The edit changes nothing in ${path}.`)
  writeFileSync(path, after)
}

/** Tells a kernel the same thing many times at once. */
export function floodTells(runtime: Runtime, id: string, method: string, args: unknown[], count: number): void {
  const tell = runtime.ref(id).tell[method]
  for (let sent = 0; sent < count; sent++) tell?.(...args)
}

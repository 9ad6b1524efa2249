/**
 * A kernel's states on disk, newest last. A snapshot is written whole or not at all, checked against its hash whenever
 * it is read, and set aside when it does not hold, so that the one before it serves. It does not decide when to take or
 * to restore one, and knows no golden snapshots: golden.ts keeps copies of its own, which pruning never touches.
 */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { Clock } from '../base/clock.ts'
import { LazaretError } from '../base/errors.ts'
import type { Emit } from '../base/events.ts'
import { isShortage } from '../base/file-hash.ts'
import { limits } from '../base/limits.ts'
import type { DecodedSnapshot } from './file.ts'
import {
  decodeSnapshot,
  encodeSnapshot,
  periodicSeq,
  requireKernelId,
  requireSnapshotName,
  seqOf,
  snapshotName,
} from './file.ts'

export interface SnapshotMeta {
  /** Hash of the code that made the state. */
  readonly codeSha256: string
  readonly configSha256: string
  /** Snapshots kept for this kernel, this one included. Default 5; at least 1. */
  readonly keep?: number
}

export interface WrittenSnapshot {
  readonly name: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Length of the state. */
  readonly bytes: number
}

export interface StoredSnapshot {
  readonly name: string
  /** Epoch milliseconds. */
  readonly at: number
  /** v8.serialize of the state. */
  readonly state: Uint8Array
  readonly codeSha256: string
  readonly configSha256: string
}

const leftOver = /\.(?:snap|json)\.\d+$/

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
}

/** The whole file, or undefined where it is longer than any snapshot may be. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  if (size > limits.snapshotBytes + limits.snapshotHeaderBytes) return undefined
  // Awaited here: the file is closed first otherwise, and a failure meanwhile is an unhandled rejection.
  return await file.readFile()
}

/** @example const store = new SnapshotStore(join(dataDir, 'snapshots'), clock, events.emit) */
export class SnapshotStore {
  readonly #root: string
  readonly #clock: Clock
  readonly #emit: Emit
  /** Writes of one kernel follow one another; kernels do not wait for each other. */
  readonly #tails = new Map<string, Promise<unknown>>()
  /** By kernel: a snapshot that somebody waits for. */
  readonly #pinned = new Map<string, string>()
  readonly #lastSeq = new Map<string, number>()

  constructor(rootDir: string, clock: Clock, emit: Emit) {
    this.#root = rootDir
    this.#clock = clock
    this.#emit = emit
  }

  /** The folder of one kernel's snapshots. @throws LazaretError OPTION_INVALID for what is no kernel id. */
  folder(kernel: string): string {
    requireKernelId(kernel)
    return join(this.#root, kernel)
  }

  /**
   * Keeps a state, then removes the oldest beyond `keep`. When it resolves the bytes are on the disk.
   * @throws LazaretError SNAPSHOT_FAILED where the state is too large or the disk refuses; nothing is left behind then.
   */
  async write(kernel: string, state: Uint8Array, meta: SnapshotMeta): Promise<WrittenSnapshot> {
    requireKernelId(kernel)
    const bytes = state.byteLength
    if (bytes > limits.snapshotBytes) {
      throw new LazaretError('SNAPSHOT_FAILED', `The state of ${kernel} has ${bytes} bytes, which is too large.`, {
        kernel,
        details: { bytes, accepted: limits.snapshotBytes },
        hint: `At most ${limits.snapshotBytes} bytes are kept: let snapshot() return less, or keep the bulk in dataDir.`,
      })
    }
    const at = this.#clock.now()
    const { codeSha256, configSha256 } = meta
    // Encoded before the first wait, so the caller may reuse its buffer.
    const file = encodeSnapshot({ kernel, at, codeSha256, configSha256 }, state)
    return this.#inTurn(kernel, async () => {
      const name = snapshotName(at, await this.#nextSeq(kernel))
      await this.#put(kernel, name, file)
      await this.#prune(kernel, Math.max(1, meta.keep ?? 5))
      return { name, at, bytes }
    })
  }

  /** Keeps one snapshot of a kernel from being pruned, until another is pinned or none. */
  pin(kernel: string, name: string | undefined): void {
    if (name === undefined) this.#pinned.delete(kernel)
    else this.#pinned.set(kernel, name)
  }

  /** The newest snapshot whose hash holds; corrupt ones met on the way are set aside and reported. */
  async latest(kernel: string): Promise<StoredSnapshot | undefined> {
    for (const name of (await this.list(kernel)).reverse()) {
      const found = await this.#load(kernel, name)
      if (found?.ok) return stored(name, found)
    }
    return undefined
  }

  /** @throws LazaretError NOT_FOUND where there is none of that name, SNAPSHOT_CORRUPT where its hash does not hold. */
  async read(kernel: string, name: string): Promise<StoredSnapshot> {
    requireSnapshotName(kernel, name)
    const found = await this.#load(kernel, name)
    if (found === undefined) {
      throw new LazaretError('NOT_FOUND', `The kernel ${kernel} has no snapshot ${name}.`, {
        kernel,
        details: { name, found: await this.list(kernel) },
        hint: 'It was pruned or set aside; list() names those that there are.',
      })
    }
    if (found.ok) return stored(name, found)
    throw new LazaretError('SNAPSHOT_CORRUPT', `The snapshot ${name} of ${kernel} cannot be used: ${found.reason}.`, {
      kernel,
      details: { name, reason: found.reason },
      hint: 'It was set aside as a .corrupt file; use the one before it.',
    })
  }

  /** Names, oldest first. Golden copies and what was set aside are not among them. */
  async list(kernel: string): Promise<string[]> {
    const names = (await this.#names(kernel)).filter((name) => periodicSeq(name) !== undefined)
    return names.sort((a, b) => (seqOf(a) ?? 0) - (seqOf(b) ?? 0))
  }

  /** Deletes a snapshot that was made for a repair which did not hold, so that the one before is the newest again. */
  async remove(kernel: string, name: string): Promise<void> {
    requireSnapshotName(kernel, name)
    await this.#inTurn(kernel, () => rm(join(this.folder(kernel), name), { force: true }))
  }

  /** Renames a file that cannot be trusted to `<name>.corrupt` and reports it, once. Never throws. */
  async setAside(kernel: string, name: string, reason: string): Promise<void> {
    const path = join(this.folder(kernel), name)
    try {
      await rename(path, `${path}.corrupt`)
      this.#emit('snapshot.corrupt', kernel, { name, reason, setAside: true })
    } catch (thrown) {
      // Somebody else has met it at the same time, and said so.
      if (codeOf(thrown) === 'ENOENT') return
      // It stays where it is and fails its hash again next time: reported, and not used either way.
      this.#emit('snapshot.corrupt', kernel, { name, reason, setAside: false, because: codeOf(thrown) })
    }
  }

  /** Writes one file whole or not at all, private to this user. Used for golden copies too. */
  async putFile(kernel: string, name: string, content: Uint8Array): Promise<void> {
    await this.#inTurn(kernel, () => this.#put(kernel, name, content))
  }

  async #put(kernel: string, name: string, content: Uint8Array): Promise<void> {
    const folder = this.folder(kernel)
    const path = join(folder, name)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFileAtomic(path, Buffer.from(content.buffer, content.byteOffset, content.byteLength), { mode: 0o600 })
      const { size } = await stat(path)
      // A disk that fills up cuts a write short without an error; older snapshots must not be pruned for such a one.
      if (size !== content.byteLength) throw new Error(`only ${size} of ${content.byteLength} bytes were written`)
    } catch (thrown) {
      await rm(path, { force: true })
      throw new LazaretError('SNAPSHOT_FAILED', `The snapshot ${name} of ${kernel} could not be written.`, {
        kernel,
        details: { name, folder },
        hint: `Look at the free space and the permissions of ${folder}.`,
        cause: thrown,
      })
    }
  }

  /** Undefined: no such file. What is corrupt has been set aside when this returns. */
  async #load(kernel: string, name: string): Promise<DecodedSnapshot | undefined> {
    let decoded: DecodedSnapshot
    try {
      const file = await readBounded(join(this.folder(kernel), name))
      decoded = file === undefined ? { ok: false, reason: 'the file is too large' } : decodeSnapshot(file, kernel)
    } catch (thrown) {
      const code = codeOf(thrown)
      if (code === 'ENOENT') return undefined
      // Says nothing about the file, which must not be set aside.
      if (isShortage(code)) {
        throw new LazaretError('SNAPSHOT_FAILED', `The snapshot ${name} of ${kernel} could not be read: ${code}.`, {
          kernel,
          details: { name, code },
          hint: 'The process or the machine is short of files or memory; the snapshot itself was not touched.',
          cause: thrown,
        })
      }
      decoded = { ok: false, reason: `it cannot be read: ${code}` }
    }
    if (!decoded.ok) await this.setAside(kernel, name, decoded.reason)
    return decoded
  }

  /** Keeps the newest of the good and of those set aside, and sweeps what a killed process left half-written. */
  async #prune(kernel: string, keep: number): Promise<void> {
    const names = await this.#names(kernel)
    const bySeq = (some: string[]) => some.sort((a, b) => (seqOf(b) ?? 0) - (seqOf(a) ?? 0))
    const good = bySeq(names.filter((name) => periodicSeq(name) !== undefined))
    const aside = bySeq(names.filter((name) => name.endsWith('.snap.corrupt')))
    const old = good.slice(keep).filter((name) => name !== this.#pinned.get(kernel))
    const doomed = [...old, ...aside.slice(keep), ...names.filter((name) => leftOver.test(name))]
    for (const name of doomed) await rm(join(this.folder(kernel), name), { force: true, recursive: true })
  }

  async #nextSeq(kernel: string): Promise<number> {
    let last = this.#lastSeq.get(kernel)
    if (last === undefined) {
      last = 0
      for (const name of await this.#names(kernel)) last = Math.max(last, seqOf(name) ?? 0)
    }
    this.#lastSeq.set(kernel, last + 1)
    return last + 1
  }

  async #names(kernel: string): Promise<string[]> {
    try {
      return await readdir(this.folder(kernel))
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return []
      throw new LazaretError('SNAPSHOT_FAILED', `The snapshots of ${kernel} cannot be listed: ${codeOf(thrown)}.`, {
        kernel,
        details: { folder: this.folder(kernel) },
        hint: `Look at ${this.folder(kernel)}: it must be a folder that can be read.`,
        cause: thrown,
      })
    }
  }

  #inTurn<T>(kernel: string, work: () => Promise<T>): Promise<T> {
    // The one before may have failed: that was told to its own caller.
    const done = (this.#tails.get(kernel) ?? Promise.resolve()).then(work, work)
    this.#tails.set(kernel, done)
    return done
  }
}

function stored(name: string, found: DecodedSnapshot & { ok: true }): StoredSnapshot {
  const { at, codeSha256, configSha256 } = found.header
  return { name, at, state: found.state, codeSha256, configSha256 }
}

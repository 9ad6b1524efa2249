/**
 * What was good when a kernel was last steady: source texts, configuration, state, and traffic of that time. The state is a copy of its own, so
 * neither pruning nor damage to the periodic snapshot reaches it. One golden before the current one is kept, and used
 * where the current one is damaged. It does not decide what is golden; the supervisor does.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { Golden, HoldOut } from '../base/remedy.ts'
import { encodeSnapshot, goldenCopyName, requireSnapshotName } from './file.ts'
import { encodeTraffic, readTraffic, trafficFile } from './hold-out-file.ts'
import type { SnapshotStore, StoredSnapshot } from './store.ts'

export const currentFile = 'golden.json'
export const previousFile = 'golden.previous.json'

const goldenShape = z.object({
  kernel: z.string(),
  at: z.number(),
  snapshot: z.string().optional(),
  codeSha256: z.string(),
  sources: z.record(z.string(), z.string()),
  config: z.record(z.string(), z.unknown()),
})

/** @example const golden = new GoldenStore(snapshotStore) */
export class GoldenStore {
  readonly #store: SnapshotStore

  constructor(store: SnapshotStore) {
    this.#store = store
  }

  /**
   * Makes this the kernel's golden; the one until now becomes the previous one.
   * @param holdOut healthy traffic of the code that is golden now. Where there is none, that of before stays as long as
   * code and configuration are the same.
   * @throws LazaretError NOT_FOUND or SNAPSHOT_CORRUPT where the snapshot that it names is not there or does not hold,
   * SNAPSHOT_FAILED where it cannot be written. The golden until now stays in force then.
   */
  async put(golden: Golden, holdOut?: HoldOut): Promise<void> {
    const { kernel } = golden
    if (golden.snapshot !== undefined) await this.#copySnapshot(kernel, golden.snapshot)
    const before = await this.#load(kernel, currentFile)
    // Previous first: a process killed between the two finds the same golden twice, never none.
    if (before !== undefined) await this.#write(kernel, previousFile, before)
    const isOther = before?.codeSha256 !== golden.codeSha256 || !isSameConfig(before, golden)
    // A process killed here has none, rather than one of other code.
    if (isOther) await this.#dropTraffic(kernel)
    await this.#write(kernel, currentFile, golden)
    if (holdOut !== undefined) {
      await this.#store.putFile(kernel, trafficFile, encodeTraffic(kernel, golden.codeSha256, holdOut))
      await rm(join(this.#store.folder(kernel), `${trafficFile}.corrupt`), { force: true })
    }
    await this.#dropCopies(kernel, [golden.snapshot, (await this.#load(kernel, previousFile))?.snapshot])
  }

  /** The golden in force; the previous one where the current one is damaged; undefined where there is none. */
  async get(kernel: string): Promise<Golden | undefined> {
    return (await this.#load(kernel, currentFile)) ?? (await this.#load(kernel, previousFile))
  }

  /**
   * The state that goes with the golden in force: its copy, else the periodic snapshot it was made from, else the state
   * of the previous golden. Undefined where none of them holds, or the kernel keeps no state.
   */
  async state(kernel: string): Promise<Uint8Array | undefined> {
    if ((await this.get(kernel))?.snapshot === undefined) return undefined
    const names = new Set<string>()
    for (const file of [currentFile, previousFile]) {
      const snapshot = (await this.#load(kernel, file))?.snapshot
      if (snapshot !== undefined) names.add(goldenCopyName(snapshot)).add(snapshot)
    }
    for (const name of names) {
      const found = await this.#readIfGood(kernel, name)
      if (found !== undefined) return found.state
    }
    return undefined
  }

  /**
   * Healthy traffic that was kept with the golden in force; undefined where there is none, it has expired or is
   * damaged (it is set aside then). Reads synchronously, and never throws.
   * @param nowMs epoch milliseconds.
   */
  holdOut(kernel: string, nowMs: number): HoldOut | undefined {
    const found = readTraffic(join(this.#store.folder(kernel), trafficFile), kernel)
    if (found === undefined) return undefined
    if ('reason' in found) {
      void this.#store.setAside(kernel, trafficFile, found.reason)
      return undefined
    }
    return found.expiresAt <= nowMs ? undefined : found.holdOut
  }

  /** Deletes the traffic of these kernels that has expired, and what was set aside. @param nowMs epoch milliseconds. */
  async expireTraffic(kernels: Iterable<string>, nowMs: number): Promise<void> {
    for (const kernel of kernels) {
      const found = readTraffic(join(this.#store.folder(kernel), trafficFile), kernel)
      // A damaged one is found and told by those who look for damage.
      if (found === undefined || ('expiresAt' in found && found.expiresAt <= nowMs)) await this.#dropTraffic(kernel)
    }
  }

  async #dropTraffic(kernel: string): Promise<void> {
    const path = join(this.#store.folder(kernel), trafficFile)
    for (const each of [path, `${path}.corrupt`]) await rm(each, { force: true })
  }

  async #readIfGood(kernel: string, name: string): Promise<StoredSnapshot | undefined> {
    try {
      return await this.#store.read(kernel, name)
    } catch (thrown) {
      // Gone, or set aside and reported by the store: the next one in the list serves.
      if (thrown instanceof LazaretError && (thrown.code === 'NOT_FOUND' || thrown.code === 'SNAPSHOT_CORRUPT')) {
        return undefined
      }
      throw thrown
    }
  }

  async #copySnapshot(kernel: string, name: string): Promise<void> {
    requireSnapshotName(kernel, name)
    const copy = goldenCopyName(name)
    if ((await this.#readIfGood(kernel, copy)) !== undefined) return
    const { at, codeSha256, configSha256, state } = await this.#store.read(kernel, name)
    await this.#store.putFile(kernel, copy, encodeSnapshot({ kernel, at, codeSha256, configSha256 }, state))
  }

  async #dropCopies(kernel: string, keep: readonly (string | undefined)[]): Promise<void> {
    const wanted = new Set(keep.filter((name) => name !== undefined).map(goldenCopyName))
    const folder = this.#store.folder(kernel)
    for (const name of await readdir(folder)) {
      if (name.startsWith('golden-') && name.endsWith('.snap') && !wanted.has(name)) await rm(join(folder, name))
    }
  }

  async #write(kernel: string, file: string, golden: Golden): Promise<void> {
    let text: string
    try {
      text = JSON.stringify(golden)
    } catch (thrown) {
      throw new LazaretError('SNAPSHOT_FAILED', `The golden record of ${kernel} is no plain data.`, {
        kernel,
        details: { error: toRecord(thrown) },
        hint: 'Its config may hold what JSON can hold, and nothing else.',
        cause: thrown,
      })
    }
    await this.#store.putFile(kernel, file, Buffer.from(`{"sha256":"${sha256(text)}","golden":${text}}\n`))
  }

  /** Undefined: absent, or damaged and by now set aside. */
  async #load(kernel: string, file: string): Promise<Golden | undefined> {
    let text: string
    try {
      text = await readFile(join(this.#store.folder(kernel), file), 'utf8')
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
      throw new LazaretError('SNAPSHOT_FAILED', `${file} of ${kernel} could not be read.`, {
        kernel,
        hint: `Look at the permissions of ${this.#store.folder(kernel)}.`,
        cause: thrown,
      })
    }
    const golden = parseGolden(text, kernel)
    if (typeof golden !== 'string') return golden
    await this.#store.setAside(kernel, file, golden)
    return undefined
  }
}

function isSameConfig(before: Golden | undefined, now: Golden): boolean {
  return JSON.stringify(before?.config) === JSON.stringify(now.config)
}

/** The golden, or why the text is none. */
export function parseGolden(text: string, kernel: string): Golden | string {
  // The text was written by #write, so everything has its fixed place and one changed byte shows.
  const parts = /^\{"sha256":"([0-9a-f]{64})","golden":(\{.*\})\}\n$/s.exec(text)
  const body = parts?.[2]
  if (body === undefined) return 'it is cut short or not a golden record'
  if (sha256(body) !== parts?.[1]) return 'it does not match its hash'
  const shape = goldenShape.safeParse(JSON.parse(body))
  if (!shape.success) return `its shape is wrong: ${shape.error.issues[0]?.path.join('.') ?? 'unknown'}`
  const { snapshot, ...rest } = shape.data
  if (rest.kernel !== kernel) return `it belongs to the kernel ${rest.kernel}`
  return snapshot === undefined ? rest : { ...rest, snapshot }
}

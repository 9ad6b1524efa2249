/**
 * The sealed secrets and the file that they lie in. It is written whole at each change, before the change counts, and is
 * thus never older than a snapshot; a snapshot is used where the file is damaged or gone.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import type { KernelContext } from 'lazaret/kernel'
import { type Entry, open, readEntries, seal } from './entries.ts'
import { KeyRing, refusal, shown, writeWhole } from './keys.ts'

/** What the safe needs of its kernel's context. */
type Surroundings = Pick<KernelContext<Entry[]>, 'dataDir' | 'log' | 'now' | 'restored'>

export class Safe {
  readonly #file: string
  readonly #keys: KeyRing
  #entries: Map<string, Entry>

  constructor(ctx: Surroundings, keyFile: string) {
    fs.mkdirSync(ctx.dataDir, { recursive: true, mode: 0o700 })
    this.#file = join(ctx.dataDir, 'secrets.json')
    const restored = readEntries(ctx.restored ?? [], 'The restored state')
    const isStored = fs.existsSync(this.#file)
    this.#keys = KeyRing.open(keyFile, !isStored && restored.size === 0)
    // The file is written at each change, so it is never older than a snapshot.
    const stored = isStored ? this.#readFile(ctx) : undefined
    this.#entries = stored ?? restored
    for (const entry of this.#entries.values()) open(this.#keys, entry)
    if (stored === undefined && restored.size > 0) this.#keep(restored)
  }

  /** Undefined where the file is damaged: it is set aside then, nothing is deleted. */
  #readFile(ctx: Surroundings): Map<string, Entry> | undefined {
    try {
      const entries = readEntries(JSON.parse(fs.readFileSync(this.#file, 'utf8')), this.#file)
      for (const entry of entries.values()) open(this.#keys, entry)
      return entries
    } catch (error) {
      // With another key file all of it may be well: that is for a person to decide.
      if (!(error instanceof SyntaxError) && !/^(?:STATE_INVALID|SECRET_DAMAGED)$/.test(codeOf(error))) throw error
      const aside = `${this.#file}.damaged-${new Date(ctx.now()).toISOString().replace(/[-:.]/g, '')}`
      fs.renameSync(this.#file, aside)
      ctx.log.error('the secrets on disk are damaged: those of the last snapshot are used', { aside, error })
      return undefined
    }
  }

  /** On disk first: what could not be written did not happen. */
  #keep(entries: Map<string, Entry>): void {
    writeWhole(this.#file, JSON.stringify([...entries.values()]))
    this.#entries = entries
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  put(name: string, secret: string): number {
    const version = (this.#entries.get(name)?.version ?? 0) + 1
    this.#keep(new Map(this.#entries).set(name, seal(this.#keys.current, name, version, secret)))
    return version
  }

  get(name: string): string {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw refusal('NOT_FOUND', `There is no secret ${shown(name)}.`)
    return open(this.#keys, entry)
  }

  remove(name: string): boolean {
    const rest = new Map(this.#entries)
    if (!rest.delete(name)) return false
    this.#keep(rest)
    return true
  }

  /** At each moment the key file opens what lies on disk; the old key goes last. */
  rotate(): number {
    this.#keys.add()
    const { current } = this.#keys
    const anew = (entry: Entry) => seal(current, entry.name, entry.version, open(this.#keys, entry))
    this.#keep(new Map([...this.#entries].map(([name, entry]) => [name, anew(entry)])))
    this.#keys.dropOld()
    return this.#entries.size
  }

  all(): Entry[] {
    return [...this.#entries.values()]
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code)
}

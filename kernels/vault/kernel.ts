/**
 * Keeps secrets. They lie sealed in memory, in the snapshot and on disk, and are open only in the answer to `get`. What
 * is put is on disk when `put` returns; the snapshot is the second copy, for the day on which that file is damaged. The
 * key lies in a file of its own: whoever copies a snapshot has nothing. It does not guard against who can read the key
 * file or this process, and does not know who asks: the message does not say.
 */
import fs from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { type Entry, open, readEntries, seal } from './entries.ts'
import { KeyRing, refusal, writeWhole } from './keys.ts'

export interface VaultConfig {
  /** Absolute path of the key file, made where there is none. Default: `vault.key` in the kernel's own folder. */
  keyFile?: string
  /** Secrets at most. Default 1000: each change writes the file anew. */
  maxSecrets?: number
}

const limits = { nameChars: 200, secretChars: 65_536 }

function needText(value: unknown, name: string, max: number): asserts value is string {
  if (typeof value === 'string' && value !== '' && value.length <= max) return
  // Never the value itself: it may be the secret.
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value
  throw refusal('INVALID_ARGUMENT', `${name} must be a text of 1 to ${max} characters. Got: ${got}`)
}

function readConfig(config: VaultConfig, dataDir: string): Required<VaultConfig> {
  const { keyFile = join(dataDir, 'vault.key'), maxSecrets = 1000 } = config
  if (typeof keyFile !== 'string' || !isAbsolute(keyFile)) {
    throw refusal('CONFIG_INVALID', `config.keyFile: accepted is an absolute path. Got: ${JSON.stringify(keyFile)}`)
  }
  if (!Number.isSafeInteger(maxSecrets) || maxSecrets < 1) {
    throw refusal('CONFIG_INVALID', `config.maxSecrets: accepted is a whole number above 0. Got: ${String(maxSecrets)}`)
  }
  return { keyFile, maxSecrets }
}

class Safe {
  readonly #file: string
  readonly #keys: KeyRing
  #entries: Map<string, Entry>

  constructor(ctx: KernelContext<Entry[], VaultConfig>, keyFile: string) {
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
  #readFile(ctx: KernelContext<Entry[], VaultConfig>): Map<string, Entry> | undefined {
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
    if (entry === undefined) throw refusal('NOT_FOUND', `There is no secret ${JSON.stringify(name)}.`)
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

const kernel = defineKernel({
  start(ctx: KernelContext<Entry[], VaultConfig>) {
    const { keyFile, maxSecrets } = readConfig(ctx.config, ctx.dataDir)
    const vault = new Safe(ctx, keyFile)
    return {
      api: {
        /** A secret of the same name is replaced; returns when it is on disk. */
        put(name: string, secret: string): { version: number } {
          needText(name, 'name', limits.nameChars)
          needText(secret, 'secret', limits.secretChars)
          if (!vault.has(name) && vault.all().length >= maxSecrets) {
            throw refusal('VAULT_FULL', `The vault holds ${maxSecrets} secrets, which is its limit: remove some.`)
          }
          return { version: vault.put(name, secret) }
        },
        /** @throws NOT_FOUND, because a missing secret must not pass for an empty one. */
        get: (name: string): string => vault.get(name),
        names: (): string[] =>
          vault
            .all()
            .map((entry) => entry.name)
            .sort(),
        /** False where there was no such secret. */
        remove: (name: string): boolean => vault.remove(name),
        /** Seals all secrets with a new key, and gives the old one up: snapshots from before open no more. */
        rotate: (): { reencrypted: number } => ({ reencrypted: vault.rotate() }),
      },
      snapshot: () => vault.all(),
    }
  },
})
export default kernel
export type Vault = KernelApi<typeof kernel>

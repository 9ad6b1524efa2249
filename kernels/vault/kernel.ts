/**
 * Keeps secrets. They lie sealed in memory, in the snapshot and on disk, and are open only in the answer to `get`. What
 * is put is on disk when `put` returns; the snapshot is the second copy, for the day on which that file is damaged. The
 * key lies in a file of its own: whoever copies a snapshot has nothing. It does not guard against who can read the key
 * file or this process, and does not know who asks: the message does not say. Nor does it rule over what the runtime
 * records: after a crash of this kernel the evidence of it may hold the arguments of the last `put`.
 */
import { isAbsolute, join } from 'node:path'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import type { Entry } from './entries.ts'
import { refusal } from './keys.ts'
import { Safe } from './safe.ts'

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

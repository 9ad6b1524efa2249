/**
 * Keeps secrets so that what leaves the house, a snapshot, an evidence folder, a backup of the secrets alone, tells
 * nothing without the key file. Whoever reads the whole data directory has key and secrets both: put the key elsewhere
 * with `config.keyFile` where that matters. It does not ask who may read a secret, that is the policy's question.
 */
import fs from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import { addKey, readKeys, refusal } from './keys.ts'
import { namePattern, Safe, type Sealed } from './safe.ts'

export interface VaultConfig {
  /** Absolute path of a key file that a person looks after; it must be there. Default: one is made in the data folder. */
  keyFile?: string
}

const limits = { nameChars: 100, secretChars: 65_536, secrets: 1000 }

function needName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name.length <= limits.nameChars && namePattern.test(name)) return
  const accepted = `small letters and digits, joined by . _ or -, ${limits.nameChars} characters at most`
  throw refusal('INVALID_ARGUMENT', `The name of a secret is ${accepted}. Got: ${JSON.stringify(name)}`)
}

function needSecret(secret: unknown): asserts secret is string {
  if (typeof secret === 'string' && secret !== '' && secret.length <= limits.secretChars && secret.isWellFormed())
    return
  // The secret itself is never part of an error: errors are logged, and end up in evidence.
  const got = typeof secret === 'string' ? `a text of ${secret.length} characters` : typeof secret
  throw refusal('INVALID_ARGUMENT', `A secret is a text of 1 to ${limits.secretChars} characters. Got: ${got}`)
}

function findKeyFile(ctx: KernelContext<Sealed[], VaultConfig>): string {
  const { keyFile } = ctx.config
  if (keyFile !== undefined) {
    if (typeof keyFile === 'string' && isAbsolute(keyFile)) return keyFile
    throw refusal('CONFIG_INVALID', `config.keyFile: accepted is an absolute path. Got: ${JSON.stringify(keyFile)}`)
  }
  fs.mkdirSync(ctx.dataDir, { recursive: true, mode: 0o700 })
  const own = join(ctx.dataDir, 'key')
  if (fs.existsSync(own)) return own
  // A new key beside old secrets would hide that the old key is lost until somebody needs one of them.
  if (fs.existsSync(join(ctx.dataDir, 'secrets')) || (ctx.restored?.length ?? 0) > 0) {
    throw refusal('KEY_INVALID', `There are secrets, but their key file ${own} is gone: put it back.`)
  }
  addKey(own)
  return own
}

const kernel = defineKernel({
  start(ctx: KernelContext<Sealed[], VaultConfig>) {
    const keyFile = findKeyFile(ctx)
    readKeys(keyFile) // a key file that is none keeps the vault from starting
    const safe = new Safe(ctx.dataDir, keyFile, ctx.restored)
    return {
      api: {
        /** Keeps a secret, in the place of one of the same name; returns when it is on disk. */
        put(name: string, secret: string): { version: number } {
          needName(name)
          needSecret(secret)
          const names = safe.names()
          if (names.length >= limits.secrets && !names.includes(name)) {
            throw refusal('VAULT_FULL', `The vault holds ${limits.secrets} secrets, which is its limit.`)
          }
          return { version: safe.put(name, secret) }
        },
        /** NOT_FOUND, SECRET_LOCKED (its key is gone) or SECRET_DAMAGED where it cannot be given. */
        get(name: string): string {
          needName(name)
          return safe.get(name)
        },
        names: (): string[] => safe.names(),
        /** False where there was no such secret. */
        remove(name: string): boolean {
          needName(name)
          return safe.remove(name)
        },
        /** Seals everything anew under a new key. Old keys stay in the key file, for old snapshots. */
        rotate: (): { reencrypted: number } => ({ reencrypted: safe.rotate() }),
      },
      snapshot: (): Sealed[] => safe.all(),
    }
  },
})
export default kernel
export type Vault = KernelApi<typeof kernel>

/**
 * A secret as it lies on disk and in a snapshot: sealed with AES-256-GCM. Name and version are sealed in with it, so an
 * entry cannot pass for another one, nor for a later version of itself.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type Key, type KeyRing, refusal } from './keys.ts'

export interface Entry {
  name: string
  /** 1 for the first secret of this name, one more for each that replaced it. */
  version: number
  /** Id of the key that opens it. */
  key: string
  /** Base64, as are the next two. */
  iv: string
  tag: string
  text: string
}

const algorithm = 'aes-256-gcm'
const authTagLength = 16

const labelOf = (name: string, version: number) => Buffer.from(JSON.stringify([name, version]))

export function seal(key: Key, name: string, version: number, secret: string): Entry {
  const iv = randomBytes(12)
  const cipher = createCipheriv(algorithm, key.bytes, iv, { authTagLength })
  cipher.setAAD(labelOf(name, version))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  const inBase64 = (bytes: Buffer) => bytes.toString('base64')
  return { name, version, key: key.id, iv: inBase64(iv), tag: inBase64(cipher.getAuthTag()), text: inBase64(text) }
}

/** @throws KEY_UNKNOWN, SECRET_DAMAGED. */
export function open(keys: KeyRing, entry: Entry): string {
  const key = keys.find(entry.key)
  if (key === undefined) {
    throw refusal(
      'KEY_UNKNOWN',
      `The secret ${entry.name} was sealed with key ${entry.key}, which is not in the key file.`,
    )
  }
  try {
    const decipher = createDecipheriv(algorithm, key.bytes, Buffer.from(entry.iv, 'base64'), { authTagLength })
    decipher.setAAD(labelOf(entry.name, entry.version))
    decipher.setAuthTag(Buffer.from(entry.tag, 'base64'))
    return decipher.update(entry.text, 'base64', 'utf8') + decipher.final('utf8')
  } catch (cause) {
    throw Object.assign(refusal('SECRET_DAMAGED', `The secret ${entry.name} cannot be opened: it was altered.`), {
      cause,
    })
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  const { name, version, ...sealed } = value as Entry
  const isNamed = typeof name === 'string' && Number.isSafeInteger(version) && version > 0
  return isNamed && [sealed.key, sealed.iv, sealed.tag, sealed.text].every((part) => typeof part === 'string')
}

/** @throws STATE_INVALID, with `what` it was that holds no entries. */
export function readEntries(value: unknown, what: string): Map<string, Entry> {
  if (!Array.isArray(value) || !value.every(isEntry)) {
    throw refusal('STATE_INVALID', `${what} is no list of sealed secrets.`)
  }
  return new Map(value.map((entry) => [entry.name, entry]))
}

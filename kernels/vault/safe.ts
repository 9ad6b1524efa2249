/**
 * The sealed secrets, a file each. The folder is the truth and nothing is held in memory; a copy that comes from a
 * snapshot only fills the folder again when it has been lost.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { addKey, type Key, readKeys, refusal, writeWhole } from './keys.ts'

/** A secret as it lies on the disk and in a snapshot: nothing of it can be read without its key. */
export interface Sealed {
  name: string
  /** Counts the puts of a name, from 1. */
  version: number
  key: string
  /** Base64: 12 bytes of nonce, 16 of tag, then the text, all under AES-256-GCM. */
  box: string
}

export const namePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const ending = '.secret'

function isSealed(value: unknown): value is Sealed {
  if (typeof value !== 'object' || value === null) return false
  const { name, version, key, box } = value as Partial<Sealed>
  const isWhole = Number.isSafeInteger(version) && Number(version) > 0
  return isWhole && [name, key, box].every((each) => typeof each === 'string') && namePattern.test(name ?? '')
}

/** Name and version are sealed in: a box that was moved to another name, or put back from an older day, does not open. */
const bound = (name: string, version: number) => Buffer.from(`${name}\n${version}`)

function seal(name: string, version: number, text: string, key: Key): Sealed {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(bound(name, version))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return { name, version, key: key.id, box: Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64') }
}

function open({ name, version, key, box }: Sealed, keys: readonly Key[]): string {
  const bytes = Buffer.from(box, 'base64')
  const found = keys.find((each) => each.id === key)
  if (found === undefined) {
    throw refusal('SECRET_LOCKED', `The secret ${name} is sealed with the key ${key}, which is not in the key file.`)
  }
  try {
    const options = { authTagLength: 16 }
    const decipher = createDecipheriv('aes-256-gcm', found.bytes, bytes.subarray(0, 12), options)
    decipher.setAAD(bound(name, version)).setAuthTag(bytes.subarray(12, 28))
    return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    // The cipher says no more than that: a changed byte and a wrong key look alike, and that is as it should be.
    throw refusal('SECRET_DAMAGED', `The secret ${name} does not open: what is stored is not what was put.`)
  }
}

export class Safe {
  readonly #folder: string
  readonly #keyFile: string

  /** @param restored what a snapshot holds; used only where the folder is gone. */
  constructor(dataDir: string, keyFile: string, restored: readonly Sealed[] | undefined) {
    if (restored !== undefined && (!Array.isArray(restored) || !restored.every(isSealed))) {
      throw refusal('STATE_INVALID', 'The restored state is no list of sealed secrets.')
    }
    this.#folder = join(dataDir, 'secrets')
    this.#keyFile = keyFile
    const isLost = !fs.existsSync(this.#folder)
    fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    for (const each of isLost ? (restored ?? []) : []) this.#write(each)
  }

  names(): string[] {
    const files = fs.readdirSync(this.#folder).filter((file) => file.endsWith(ending))
    return files.map((file) => file.slice(0, -ending.length)).sort()
  }

  get(name: string): string {
    return open(this.#read(name), readKeys(this.#keyFile))
  }

  put(name: string, text: string): number {
    const version = (this.#has(name) ? this.#read(name).version : 0) + 1
    const [key] = readKeys(this.#keyFile).slice(-1) as [Key]
    this.#write(seal(name, version, text, key))
    return version
  }

  remove(name: string): boolean {
    if (!this.#has(name)) return false
    fs.rmSync(this.#file(name))
    return true
  }

  /** All are opened before the first is sealed anew: where one does not open, nothing has changed. */
  rotate(): number {
    const keys = readKeys(this.#keyFile)
    const opened = this.all().map((each) => ({ ...each, text: open(each, keys) }))
    addKey(this.#keyFile)
    const [key] = readKeys(this.#keyFile).slice(-1) as [Key]
    for (const { name, version, text } of opened) this.#write(seal(name, version, text, key))
    return opened.length
  }

  all(): Sealed[] {
    return this.names().map((name) => this.#read(name))
  }

  #file(name: string): string {
    return join(this.#folder, name + ending)
  }

  #has(name: string): boolean {
    return fs.existsSync(this.#file(name))
  }

  #read(name: string): Sealed {
    if (!this.#has(name)) throw refusal('NOT_FOUND', `There is no secret ${JSON.stringify(name)}.`)
    const text = fs.readFileSync(this.#file(name), 'utf8')
    let sealed: unknown
    try {
      sealed = JSON.parse(text)
    } catch {
      // No JSON (any more): refused below like any other file that holds no sealed secret.
      sealed = undefined
    }
    if (isSealed(sealed) && sealed.name === name) return sealed
    throw refusal('SECRET_DAMAGED', `The file of the secret ${name} is none that this vault wrote: put it again.`)
  }

  #write(sealed: Sealed): void {
    writeWhole(this.#file(sealed.name), JSON.stringify(sealed))
  }
}

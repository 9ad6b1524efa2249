/**
 * The keys of the vault and the file that they lie in: a line a key, the first one seals, the others only open. There is
 * more than one while a rotation is under way, so a vault that dies in the middle of one opens everything afterwards.
 */

import { hash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { dirname } from 'node:path'
import { inspect } from 'node:util'

export interface Key {
  /** Tells keys apart, and says nothing about them. */
  id: string
  bytes: Buffer
}

const keyBytes = 32
const { O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = fs.constants

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

/**
 * All or nothing, on disk when it returns, and readable by nobody else at any moment. O_DSYNC and not fsync, which
 * Node.js switches off in a restricted process: a vault that cannot run in the sandbox cannot be repaired there.
 */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.new`
  fs.rmSync(draft, { force: true }) // one that a crash left behind may have another mode
  const handle = fs.openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_DSYNC, 0o600)
  try {
    fs.writeFileSync(handle, text)
  } finally {
    fs.closeSync(handle)
  }
  fs.renameSync(draft, file)
  if (process.permission !== undefined) return // a restricted process may not sync a folder; a trial outlives no power cut
  const folder = fs.openSync(dirname(file), 'r')
  try {
    fs.fsyncSync(folder)
  } finally {
    fs.closeSync(folder)
  }
}

/** The first key of the list is the current one. */
export class KeyRing {
  readonly #file: string
  #keys: readonly Key[]

  private constructor(file: string, keys: readonly Key[]) {
    this.#file = file
    this.#keys = keys
  }

  /**
   * Reads the file, or makes it with a new key.
   * @param mayMake false where there are secrets already: a new key could not open them.
   * @throws KEY_MISSING, KEY_FILE_OPEN where others may read it, KEY_INVALID.
   */
  static open(file: string, mayMake: boolean): KeyRing {
    if (!fs.existsSync(file)) {
      if (!mayMake) throw refusal('KEY_MISSING', `There are secrets, but no key file ${file}: bring it back.`)
      const ring = new KeyRing(file, [newKey()])
      ring.#write()
      return ring
    }
    const mode = fs.statSync(file).mode & 0o777
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw refusal(
        'KEY_FILE_OPEN',
        `The key file ${file} is open to others: accepted is 600. Got: ${mode.toString(8)}`,
      )
    }
    const lines = fs.readFileSync(file, 'utf8').trim().split('\n')
    return new KeyRing(
      file,
      lines.map((line, index) => readKey(line, `${file}, line ${index + 1}`)),
    )
  }

  get current(): Key {
    return this.#keys[0] as Key
  }

  find(id: string): Key | undefined {
    return this.#keys.find((key) => key.id === id)
  }

  /** A new key seals from now on; the old ones still open, until they are dropped. */
  add(): void {
    this.#keys = [newKey(), ...this.#keys]
    try {
      this.#write()
    } catch (error) {
      this.#keys = this.#keys.slice(1) // nothing may be sealed with a key that is not on disk
      throw error
    }
  }

  dropOld(): void {
    this.#keys = [this.current]
    this.#write()
  }

  #write(): void {
    writeWhole(this.#file, this.#keys.map((key) => `${key.bytes.toString('base64')}\n`).join(''))
  }
}

function newKey(): Key {
  const bytes = randomBytes(keyBytes)
  return { id: idOf(bytes), bytes }
}

function idOf(bytes: Buffer): string {
  return hash('sha256', bytes).slice(0, 16)
}

function readKey(line: string, where: string): Key {
  const bytes = Buffer.from(line, 'base64')
  if (bytes.length === keyBytes && bytes.toString('base64') === line.trim()) return { id: idOf(bytes), bytes }
  // What stands there is not quoted: it may be most of a key.
  throw refusal(
    'KEY_INVALID',
    `${where}: accepted is a key of ${keyBytes} bytes in base64. Got: ${line.length} characters`,
  )
}

/**
 * The key file: one key a line, `<id> <64 hex digits>`, the last one seals. Older keys stay, because snapshots that
 * were sealed with them may still come back. The file is read at each use, so nobody works with a ring that has moved on.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { dirname } from 'node:path'

export interface Key {
  id: string
  bytes: Buffer
}

/** Old keys that are kept; what was sealed with an older one can be opened no more. */
const keptKeys = 16
const line = /^([0-9a-f]{8}) ([0-9a-f]{64})$/

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Written beside, brought to the disk, then renamed: a reader sees the old text or the new one, never a part. */
export function writeWhole(file: string, text: string): void {
  const beside = `${file}.new`
  const handle = fs.openSync(beside, 'w', 0o600)
  try {
    fs.writeFileSync(handle, text)
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
  fs.renameSync(beside, file)
  const folder = fs.openSync(dirname(file), 'r')
  try {
    fs.fsyncSync(folder)
  } finally {
    fs.closeSync(folder)
  }
}

/** Oldest first, one at least. Throws KEY_INVALID for a file that is no key file or that others may read. */
export function readKeys(file: string): [Key, ...Key[]] {
  let text: string
  try {
    if (process.platform !== 'win32' && fs.statSync(file).mode & 0o077) {
      throw refusal('KEY_INVALID', `The key file ${file} is open to other users: chmod 600 it.`)
    }
    text = fs.readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as { code?: string }).code === 'KEY_INVALID') throw cause
    throw refusal('KEY_INVALID', `The key file ${file} cannot be read: ${(cause as Error).message}`)
  }
  const keys = text.trimEnd().split('\n').map(parseKey)
  const [first, ...rest] = keys.filter((key) => key !== undefined)
  if (first === undefined || rest.length + 1 < keys.length) {
    // What the line holds is not shown: it may be most of a key.
    const at = keys.indexOf(undefined) + 1
    throw refusal('KEY_INVALID', `The key file ${file}, line ${at}: accepted is an id of 8 and a key of 64 hex digits.`)
  }
  return [first, ...rest]
}

function parseKey(text: string): Key | undefined {
  const [, id, hex] = line.exec(text) ?? []
  return id === undefined || hex === undefined ? undefined : { id, bytes: Buffer.from(hex, 'hex') }
}

/** Adds a new key, which seals from now on. Makes the file where there is none. */
export function addKey(file: string): void {
  const old = fs.existsSync(file) ? readKeys(file) : []
  const keys = [...old.slice(-keptKeys), { id: randomBytes(4).toString('hex'), bytes: randomBytes(32) }]
  writeWhole(file, keys.map(({ id, bytes }) => `${id} ${bytes.toString('hex')}\n`).join(''))
}

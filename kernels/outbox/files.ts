/**
 * The outbox on disk: one file a message, named so that the oldest sorts first, written whole or not at all, and with a
 * hash of its content. What is damaged, or what its receiver does not want, is set aside under another name: nothing that
 * was kept is deleted unless it was delivered.
 */

import { hash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'

export interface Kept {
  id: string
  /** Epoch milliseconds. */
  at: number
  to: string
  subject: string
  body: string
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

const fileName = /^(\d{12})-([\w.-]{1,100})\.json$/
const { O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = fs.constants

export class OutboxFiles {
  readonly #folder: string
  #next = 1

  constructor(folder: string) {
    this.#folder = folder
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const file of fs.readdirSync(folder)) {
      // Half written when the process died: whoever sent it was not told that it is kept.
      if (file.endsWith('.tmp')) fs.rmSync(join(folder, file))
      const number = Number(/^(\d{12})-/.exec(file)?.[1] ?? 0)
      this.#next = Math.max(this.#next, number + 1)
    }
  }

  /** Oldest first. */
  list(): string[] {
    return fs
      .readdirSync(this.#folder)
      .filter((file) => fileName.test(file))
      .sort()
  }

  has(id: string): boolean {
    return this.list().some((file) => fileName.exec(file)?.[2] === id)
  }

  /** Returns when it is on disk, name and all. */
  write(message: Kept): void {
    const content = JSON.stringify(message)
    const bytes = Buffer.from(`${JSON.stringify({ sha256: hash('sha256', content), message })}\n`)
    const path = join(this.#folder, `${String(this.#next).padStart(12, '0')}-${message.id}.json`)
    const half = `${path}.tmp`
    // O_DSYNC and not fsync: a restricted process has no fsync, and an outbox that cannot run there cannot be repaired.
    const fd = fs.openSync(half, O_WRONLY | O_CREAT | O_EXCL | O_DSYNC, 0o600)
    try {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done)
    } catch (error) {
      fs.rmSync(half)
      throw error
    } finally {
      fs.closeSync(fd)
    }
    fs.renameSync(half, path)
    this.#syncFolder()
    this.#next += 1
  }

  /** Undefined where the file is not, to the byte, what was written. */
  read(file: string): Kept | undefined {
    try {
      const read: unknown = JSON.parse(fs.readFileSync(join(this.#folder, file), 'utf8'))
      const { sha256, message } = Object(read) as { sha256?: unknown; message?: Kept }
      return message !== undefined && hash('sha256', JSON.stringify(message)) === sha256 ? message : undefined
    } catch (error) {
      // Not JSON any more: damaged. Any other error is the disk's, and the caller's.
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }

  remove(file: string): void {
    fs.rmSync(join(this.#folder, file))
  }

  setAside(file: string, why: 'damaged' | 'refused'): void {
    fs.renameSync(join(this.#folder, file), join(this.#folder, `${file}.${why}`))
  }

  aside(): number {
    return fs.readdirSync(this.#folder).filter((file) => /\.json\.(?:damaged|refused)$/.test(file)).length
  }

  /** Else a power cut may lose the name of a file whose content is safe. */
  #syncFolder(): void {
    if (process.permission !== undefined) return // a restricted process may not
    const folder = fs.openSync(this.#folder, 'r')
    try {
      fs.fsyncSync(folder)
    } finally {
      fs.closeSync(folder)
    }
  }
}

/**
 * The files of one evidence folder, as somebody may have left them: missing, edited, grown, a link, a pipe. Each is read
 * within a bound, and what is wrong with it is a sentence, never a throw. Read synchronously, since a kernel with stuck
 * file calls can hold all of libuv's threads (FACTS 0.8).
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../base/limits.ts'

const filesShown = 50

export class EvidenceFiles {
  readonly #folder: string
  readonly problems: string[] = []
  readonly list: { readonly name: string; readonly bytes: number }[] = []

  constructor(folder: string) {
    this.#folder = folder
    try {
      for (const name of readdirSync(folder).sort().slice(0, filesShown)) {
        this.list.push({ name, bytes: lstatSync(join(folder, name)).size })
      }
    } catch (thrown) {
      const isGone = (thrown as NodeJS.ErrnoException).code === 'ENOENT'
      this.problems.push(isGone ? 'the evidence folder is not there any more' : `it cannot be read: ${said(thrown)}`)
    }
  }

  get isThere(): boolean {
    return this.list.length > 0
  }

  has(name: string): boolean {
    return this.list.some((file) => file.name === name)
  }

  /** The end of a text, from the beginning of a line on. Undefined where it cannot be had; that is noted then. */
  tail(name: string): string | undefined {
    const read = this.#read(name)
    if (read === undefined) return undefined
    if (read.isWhole) return read.text
    this.problems.push(`${name} has grown to ${read.bytes} bytes: its end is shown`)
    return read.text.slice(read.text.indexOf('\n') + 1)
  }

  /** @returns undefined where it is missing, too large, or no JSON; that is noted then. */
  json(name: string): unknown {
    const read = this.#read(name)
    if (read === undefined) return undefined
    if (!read.isWhole) {
      this.problems.push(`${name} has grown to ${read.bytes} bytes, and at most ${limits.storyFileBytes} are read`)
      return undefined
    }
    try {
      return JSON.parse(read.text) as unknown
    } catch {
      // A person has edited it; the rest of the evidence is shown.
      this.problems.push(`${name} is no JSON any more`)
      return undefined
    }
  }

  #read(name: string): { text: string; isWhole: boolean; bytes: number } | undefined {
    if (!this.isThere) return undefined
    let handle: number | undefined
    try {
      // No link is followed, and a named pipe does not hold the process.
      handle = openSync(join(this.#folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      const stat = fstatSync(handle)
      if (!stat.isFile()) {
        this.problems.push(`${name} is no file`)
        return undefined
      }
      const length = Math.min(stat.size, limits.storyFileBytes)
      const bytes = Buffer.alloc(length)
      const read = readSync(handle, bytes, 0, length, stat.size - length)
      return { text: bytes.toString('utf8', 0, read), isWhole: length === stat.size, bytes: stat.size }
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      this.problems.push(code === 'ENOENT' ? `${name} is missing` : `${name} cannot be read: ${said(thrown)}`)
      return undefined
    } finally {
      if (handle !== undefined) closeSync(handle)
    }
  }
}

function said(thrown: unknown): string {
  const { code } = thrown as NodeJS.ErrnoException
  if (code === 'ELOOP') return 'it is a link'
  return code ?? (thrown instanceof Error ? thrown.message : String(thrown))
}

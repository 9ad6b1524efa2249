/**
 * The segment that is being written. A record is the head once its bytes are on the disk, and not before: segments are
 * opened with O_DSYNC, so a write returns then. (fdatasync would do as well, but Node.js switches it off in a
 * restricted process, and a log that cannot run in the sandbox cannot be repaired there.) A full one stays as it is.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { canonical, genesis, type Head, type LogRecord, refusal, type Segment, seal } from './chain.ts'

const recordBytes = 65_536
const { O_CREAT, O_DSYNC, O_EXCL, O_RDWR } = fs.constants

export class Writer {
  readonly #folder: string
  readonly #segmentBytes: number
  #fd = -1
  #number = 0
  #size = 0
  head = genesis

  constructor(folder: string, segmentBytes: number) {
    this.#folder = folder
    this.#segmentBytes = segmentBytes
  }

  /** Goes on in the last segment. */
  resume(last: Segment | undefined, head: Head): void {
    this.head = head
    this.#number = last?.number ?? 0
    if (last === undefined || last.setAside) return
    this.#fd = fs.openSync(join(this.#folder, last.file), O_RDWR | O_DSYNC)
    this.#size = fs.fstatSync(this.#fd).size
  }

  /** Begins a segment whose first record has this index. */
  begin(index: number): void {
    this.close()
    const file = `${String(this.#number + 1).padStart(6, '0')}-${String(index).padStart(12, '0')}.jsonl`
    this.#fd = fs.openSync(join(this.#folder, file), O_RDWR | O_CREAT | O_EXCL | O_DSYNC, 0o600)
    this.#number += 1
    this.#size = 0
    this.#syncFolder()
  }

  /** Else a power cut may lose the name of a file whose content is safe. */
  #syncFolder(): void {
    if (process.permission !== undefined) return // a restricted process may not; its snapshot shows a file that is lost
    const folder = fs.openSync(this.#folder, 'r')
    try {
      fs.fsyncSync(folder)
    } finally {
      fs.closeSync(folder)
    }
  }

  /** Returns once the record is on disk. */
  append(at: number, kind: LogRecord['kind'], entry: unknown, index = this.head.index + 1): Head {
    const record = { at, entry, index, kind, previous: this.head.hash }
    const hash = seal(record)
    const bytes = Buffer.from(`${canonical({ ...record, hash })}\n`)
    if (bytes.length > recordBytes) {
      throw refusal('ENTRY_TOO_LARGE', `A record has ${recordBytes} bytes at most. Got: ${bytes.length}`)
    }
    if (this.#fd < 0 || (this.#size > 0 && this.#size + bytes.length > this.#segmentBytes)) this.begin(index)
    try {
      for (let done = 0; done < bytes.length; ) {
        done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, this.#size + done)
      }
    } catch (error) {
      fs.ftruncateSync(this.#fd, this.#size) // a part of a line that nobody was told of; the caller gets the error
      throw error
    }
    this.#size += bytes.length
    this.head = { index, hash }
    return this.head
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd)
    this.#fd = -1
  }
}

/**
 * What was found of a file when it was last read, so that one which has not changed since is not read again: told by
 * its size, inode and times. It knows nothing of what the files are.
 */
import { stat } from 'node:fs/promises'

interface Mark {
  readonly stamp: string
  readonly found: unknown
  round: number
}

/** @example const sum = await marks.look(path, () => sha256OfFile(path)) */
export class FileMarks {
  readonly #marks = new Map<string, Mark>()
  #round = 0
  #thorough = false

  /** @param thorough nothing is taken on trust in this round: a disk that rots changes no time. */
  begin(thorough: boolean): void {
    this.#round += 1
    this.#thorough = thorough
  }

  /** Forgets the files that nobody has looked at for a whole round. */
  end(): void {
    for (const [path, mark] of this.#marks) if (mark.round < this.#round - 1) this.#marks.delete(path)
  }

  /** Files remembered. */
  get size(): number {
    return this.#marks.size
  }

  /**
   * What `read` returned, now or when the file was as it is now. A file that changes while it is read is read again.
   * @throws what the system says where there is no such file, and what `read` throws.
   */
  async look<T>(path: string, read: () => Promise<T>): Promise<T> {
    const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    const stamp = `${size} ${ino} ${mtimeNs} ${ctimeNs}`
    const known = this.#marks.get(path)
    if (known?.stamp === stamp && !(this.#thorough && known.round < this.#round)) {
      known.round = this.#round
      return known.found as T
    }
    const found = await read()
    this.#marks.set(path, { stamp, found, round: this.#round })
    return found
  }
}

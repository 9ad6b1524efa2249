/** Where the control socket of a data directory lies. */
import { mkdirSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'

/**
 * `<dataDir>/control.sock`; where that path is longer than a Unix socket's may be (108 bytes on Linux), a short one in a
 * private folder of the system's temporary directory that both sides derive from the same dataDir.
 */
export function controlSocketPath(dataDir: string): string {
  const plain = join(resolve(dataDir), 'control.sock')
  if (Buffer.byteLength(plain) <= limits.socketPathBytes) return plain
  const folder = join(tmpdir(), `lazaret-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(folder)
  if (uid !== userInfo().uid || (mode & 0o077) !== 0) {
    throw new LazaretError('CONTROL_FAILED', `${folder} is open to other users, so no control socket can lie there.`, {
      hint: 'Choose a shorter dataDir, or remove that folder.',
    })
  }
  return join(folder, `${sha256(resolve(dataDir)).slice(0, 16)}.sock`)
}

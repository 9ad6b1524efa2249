/** SHA-256 in hex: of source texts, snapshots, arguments. */
import { hash } from 'node:crypto'

export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex')
}

/** One hash for a set of files: order does not matter, names and contents do. */
export function codeHash(files: readonly { readonly url: string; readonly sha256: string }[]): string {
  const lines = files.map((file) => `${file.sha256} ${file.url}`)
  return sha256(lines.sort().join('\n'))
}

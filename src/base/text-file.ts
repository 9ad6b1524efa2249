/**
 * Reads a text file that somebody else wrote: bounded, UTF-8, never a pipe or a device. What the text means is for
 * others.
 */
import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { clipShown, InputRefusal } from './input-problem.ts'

/**
 * Without the byte order mark, if there is one.
 * @throws InputRefusal: missing, unreadable, no regular file, larger than `maxBytes`, not UTF-8, or with a NUL in it.
 */
export function readText(path: string, maxBytes: number): string {
  return decode(readBytes(path, maxBytes))
}

function readBytes(path: string, maxBytes: number): Buffer {
  const accepted = 'a YAML file that can be read'
  if (path === '') {
    const advice = 'Give the path of the file.'
    throw new InputRefusal({ path: [], accepted, got: 'an empty path', advice })
  }
  let handle: number | undefined
  try {
    // Without O_NONBLOCK a named pipe would hold the whole process until somebody writes to it.
    handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stat = fstatSync(handle)
    if (!stat.isFile()) {
      const got = stat.isDirectory() ? 'a folder' : 'neither a file nor a folder'
      throw new InputRefusal({ path: [], accepted, got, advice: 'Give the path of the file itself.' })
    }
    const bytes = Buffer.alloc(maxBytes + 1)
    let length = 0
    for (;;) {
      const read = readSync(handle, bytes, length, bytes.length - length, null)
      length += read
      if (read === 0 || length === bytes.length) break
    }
    if (length <= maxBytes) return bytes.subarray(0, length)
    throw new InputRefusal({
      path: [],
      accepted: `of ${maxBytes} bytes or fewer`,
      got: `${Math.max(stat.size, length)} bytes`,
      advice: 'Take out what is not needed, or split it.',
      position: { line: 1, column: 1 },
    })
  } catch (thrown) {
    if (thrown instanceof InputRefusal) throw thrown
    const code = (thrown as NodeJS.ErrnoException).code ?? 'ERROR'
    const got = code === 'ENOENT' ? 'no such file (ENOENT)' : `${code}: ${clipShown((thrown as Error).message, 200)}`
    throw new InputRefusal({ path: [], accepted, got, advice: 'Check the path and the rights of the file.' })
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) {
    let line = 1
    for (let start = 0; start < bytes.length; line += 1) {
      const end = bytes.indexOf(0x0a, start)
      const next = end < 0 ? bytes.length : end + 1
      if (!isUtf8(bytes.subarray(start, next))) break
      start = next
    }
    const got = `bytes on line ${line} that are not UTF-8`
    const advice = 'Save the file as UTF-8.'
    throw new InputRefusal({ path: [], accepted: 'text in UTF-8', got, advice, position: { line, column: 1 } })
  }
  const text = new TextDecoder('utf-8').decode(bytes)
  const nul = text.indexOf('\0')
  if (nul < 0) return text
  const before = text.slice(0, nul)
  throw new InputRefusal({
    path: [],
    accepted: 'text without NUL characters',
    got: 'a NUL character',
    advice: 'Take it out: no text editor writes one.',
    position: { line: before.split('\n').length, column: nul - before.lastIndexOf('\n') },
  })
}

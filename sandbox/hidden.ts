/**
 * Telling what is not there from what bubblewrap does not show. A candidate in it is told "no such file" of either, where
 * Node's permission model would have said "denied". The driver can look outside, so it decides; a kernel that came upon
 * something hidden cannot be tried here, see cage.ts.
 */
import { realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ErrorRecord } from '../src/base/error-record.ts'

export type NotFound = Pick<ErrorRecord, 'code' | 'message'>

const codes: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])
const messageChars = 1000
const causesFollowed = 8

/** Of an error and its causes, those that say that something is not there. Called in the candidate's process. */
export function notFoundIn(record: ErrorRecord): NotFound[] {
  const found: NotFound[] = []
  let link: ErrorRecord | undefined = record
  for (let depth = 0; link !== undefined && depth < causesFollowed; depth += 1) {
    for (const { code, message } of [link, ...(link.errors ?? [])]) {
      if (codes.has(code)) found.push({ code, message: message.slice(0, messageChars) } as NotFound)
    }
    link = link.cause
  }
  return found
}

/** Where what the error is about lies outside, links followed; undefined where it is not there, or is shown. Called in the driver. */
export function hiddenFile(error: NotFound, folder: string, readable: readonly string[]): string | undefined {
  return placesIn(error, folder)
    .map(realOf)
    .find((real) => real !== undefined && !readable.some((root) => real === root || real.startsWith(`${root}${sep}`)))
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    // Not there outside either, or nothing that can be looked at: the candidate was told the truth.
    return undefined
  }
}

/** Absolute paths of what was looked for. */
function placesIn({ code, message }: NotFound, folder: string): string[] {
  if (code === 'ENOENT') {
    const path = /, \w+ '([^'\0]+)'/.exec(message)?.[1]
    return path === undefined ? [] : [resolve(folder, path)]
  }
  const [, name, from] =
    /^Cannot find \w+ '([^'\0]+)'(?: imported from |\nRequire stack:\n- )?([^\n\0]+)?/.exec(message) ?? []
  if (name === undefined) return []
  if (name.startsWith('file:')) return [fileURLToPath(name)]
  if (isAbsolute(name)) return [name]
  if (from === undefined) return []
  const importer = from.startsWith('file:') ? fileURLToPath(from) : from
  if (!isAbsolute(importer)) return []
  if (/^\.{1,2}\//.test(name)) return [resolve(dirname(importer), name)]
  return upwards(dirname(importer)).map((parent) => join(parent, 'node_modules', name))
}

function upwards(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...upwards(parent)]
}
